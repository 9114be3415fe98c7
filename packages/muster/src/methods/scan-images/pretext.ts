import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cosineEpoch, SGD } from '@muster/torch/optim';
import { z } from 'zod';
import { MusterError, seedStream } from '../../base/index.ts';
import { anchorContrast, twinsNearest } from '../../losses/index.ts';
import type { ContrastiveNetwork } from '../../models/index.ts';
import {
  contrastiveView,
  imageShapeOf,
  readBranch,
  readModelFolder,
  train,
  trainingState,
  twoViewTraining,
} from '../../train/index.ts';
import { fingerprintOf } from '../method.ts';
import type { ImageData, MethodContext } from '../method.ts';
import { pretextBeside } from './branch.ts';
import type { Branch } from './branch.ts';
import type { ScanImagesOptions } from './options.ts';
import { pretextNetwork, scanSettingSchema, settingOf } from './setting.ts';
import type { ScanSetting } from './setting.ts';

/** A network that was trained by the pretext task, and its setting. */
export interface Pretext {
  readonly network: ContrastiveNetwork;
  readonly setting: ScanSetting;
}

/** Least share of an image that a view shows, and SCAN's cosine: it ends at the rate times this to the third power. */
const [LEAST, FALL] = [0.2, 0.1] as const;
const MOMENTUM = 0.9;

/**
 * The pretext: of a run that is given, of the run that is branched from, or trained here. Source: SCAN section 2.1; SimCLR with the first
 * views as anchors.
 */
export async function pretextOf(
  data: ImageData,
  options: ScanImagesOptions,
  context: MethodContext,
  branch: Branch | null,
): Promise<Pretext> {
  if (options.pretext !== undefined) return readPretext(options.pretext, data, context);
  if (branch !== null) return branchedPretext(branch, context);
  const { seed, device } = context;
  const { pretextEpochs: epochs, pretextBatch: batch, pretextRate: rate, pretextWeightDecay: weightDecay } = options;
  const setting = settingOf(options, data);
  using guard = new DisposableStack();
  const network = guard.use(pretextNetwork(setting, seedStream(seed, 'scan', 'pretext'), device));
  using optimizer = new SGD(network.parameters(), { lr: rate, momentum: MOMENTUM, weightDecay });
  const training = twoViewTraining({
    name: 'scan-pretext',
    fingerprint: fingerprintOf(data, options),
    seed: seedStream(seed, 'scan-pretext'),
    epochs,
    batch,
    pixels: data.pixels,
    network,
    view: contrastiveView({ ...setting, least: LEAST }),
    optimizer,
    rates: cosineEpoch({ base: rate, rate: FALL, epochs }),
    arithmetic: context,
    terms: (za, zb) => ({ loss: anchorContrast(za, zb, options), twinsNearest: twinsNearest(za, zb) }),
  });
  // Its checkpoints have no groups that could be scored.
  await train(training, { ...context, keepEvery: undefined });
  guard.move();
  return { network, setting };
}

/** @throws MusterError `train.checkpoint` where the run had its pretext from elsewhere */
function branchedPretext(branch: Branch, { device }: MethodContext): Pretext {
  const { setting } = branch;
  const file = pretextBeside(branch);
  if (!existsSync(file))
    throw new MusterError('train.checkpoint', 'The run that is branched from did not train its pretext itself', {
      where: file,
      fix: 'give its pretext: --set pretext=RUN',
      kind: 'usage',
    });
  using guard = new DisposableStack();
  const network = guard.use(pretextNetwork(setting, 0, device));
  readBranch(file, trainingState([network.stateDict()]));
  guard.move();
  return { network, setting };
}

/** Where a run keeps its network: the folder itself, or the one that it keeps models in. */
const PLACES = ['', 'model'];
const NAME = 'pretrained';
const descriptionSchema = z.object({
  pretraining: z.literal('simclr', { error: 'it is no run of simclr' }),
  settings: z.object({ options: scanSettingSchema.omit({ channels: true }), channels: z.int() }),
});

/** @throws MusterError `method.folder` where the folder holds no SimCLR network, or one of images of other channels */
function readPretext(folder: string, data: ImageData, { device }: MethodContext): Pretext {
  const place = PLACES.map((name) => join(folder, name)).find((path) => existsSync(join(path, `${NAME}.json`)));
  if (place === undefined)
    throw new MusterError('method.folder', 'There is no trained network in this folder', {
      where: folder,
      fix: 'give the folder of a run of muster train simclr, or leave the option pretext away',
      kind: 'usage',
    });
  const { tensors, description, refuse } = readModelFolder(place, NAME, descriptionSchema);
  try {
    const { options, channels } = description.settings;
    const given = imageShapeOf(data).channels;
    if (channels !== given) throw refuse(`Its network takes ${channels} channels, and the images have ${given}`);
    const setting = { ...options, channels };
    const network = pretextNetwork(setting, 0, device);
    network.loadStateDict(tensors);
    return { network, setting };
  } finally {
    for (const tensor of tensors.values()) tensor.dispose();
  }
}
