import { nat } from './nat.ts';
import type { Pretraining } from './pretraining.ts';
import { rotNet } from './rotnet.ts';
import { simClr } from './simclr.ts';

export type { Pretrained, Pretraining, PretrainingContext } from './pretraining.ts';
export { rotNetView, rotNetwork } from './rotnet/network.ts';
export { completeRotNet, rotNetOptions } from './rotnet/options.ts';
export { rotNetTraining } from './rotnet/training.ts';
export { completeOptions as completeSimClrOptions, simClrNetwork } from './simclr/network.ts';
export { simClrOptions } from './simclr/options.ts';
export { simClrTraining } from './simclr/training.ts';

/** Every pretraining. A new one is one file, one line here, and a recipe. */
export const pretrainings: readonly Pretraining[] = [nat, rotNet, simClr];

/** The pretraining of an id; undefined where there is none. */
export function findPretraining(id: string): Pretraining | undefined {
  return pretrainings.find((candidate) => candidate.id === id);
}
