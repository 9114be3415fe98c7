import { MusterError } from '../base/index.ts';
import type { TrainOptions } from './train-options.ts';

/** An option of `muster train` that one kind of method does not take: as it is written, and what to do. */
type Needless = readonly [key: keyof TrainOptions, flag: string, fix: string];

const notOnEmbeddings: readonly Needless[] = [
  ['size', '--size', 'leave it out: the backbone takes images of one size'],
  ['channels', '--channels', 'leave it out: the backbone takes colour'],
  ['keepEvery', '--keep-every', 'leave it out: the checkpoints of a fit on embeddings are removed when it ends'],
  ['precision', '--precision', 'leave it out: fits on embeddings are made in float32'],
  ['device', '--device', 'leave it out: fits on embeddings are made on the CPU'],
  ['branch', '--branch', 'leave it out: a fit on embeddings starts anew'],
];

const notOnImages: readonly Needless[] = [
  ['nouns', '--nouns', 'leave it out: groups of a network trained on images get no names'],
  ['under', '--under', 'leave it out: groups of a network trained on images get no names'],
  ['classes', '--classes', 'leave it out: it is told no class names'],
  ['backbone', '--backbone', 'leave it out: it trains a network of its own'],
];

/**
 * Refuses what a method on embeddings, or one on images, would pass over.
 *
 * @throws MusterError `options` naming the option, and what to do
 */
export function refuseNeedless(method: string, on: 'embeddings' | 'images', options: TrainOptions): void {
  const needless = on === 'images' ? notOnImages : notOnEmbeddings;
  const found = needless.find(([key]) => options[key] !== undefined);
  if (found === undefined) return;
  const [, where, fix] = found;
  const what = on === 'images' ? 'trains on images' : 'works on embeddings';
  throw new MusterError('options', `${method} ${what} and does not take it`, { where, kind: 'usage', fix });
}
