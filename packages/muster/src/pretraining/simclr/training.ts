import type { Tensor } from '@muster/torch';
import { cosineEpoch } from '@muster/torch/optim';
import type { Optimizer } from '@muster/torch/optim';
import { anchorContrast, instanceContrast, twinsNearest } from '../../losses/index.ts';
import type { ContrastiveNetwork } from '../../models/index.ts';
import { contrastiveView, twoViewTraining } from '../../train/index.ts';
import type { ImageData, Training } from '../../train/index.ts';
import type { PretrainingContext } from '../pretraining.ts';
import type { CompleteOptions } from './network.ts';

/** SCAN's cosine ends at the rate times this to the third power. */
const FALL = 0.1;

/** What SimCLR's training is made of. */
export interface SimClrTrainingParts {
  readonly data: ImageData;
  readonly options: CompleteOptions;
  readonly context: Pick<PretrainingContext, 'seed' | 'device' | 'precision'>;
  readonly fingerprint: string;
  readonly network: ContrastiveNetwork;
  readonly optimizer: Optimizer;
  /** The complete options, for checkpoints. */
  readonly settings: Tensor;
}

/** Two views of each image shall find one another among those of a batch. What it returns holds no tensors of its own. */
export function simClrTraining(parts: SimClrTrainingParts): Training<Tensor> {
  const { data, options, context, fingerprint, network, optimizer, settings } = parts;
  const { epochs, batch, rate, temperature, form } = options;
  const contrast = form === 'anchor' ? anchorContrast : instanceContrast;
  return twoViewTraining({
    name: 'simclr',
    fingerprint,
    seed: context.seed,
    epochs,
    batch,
    pixels: data.pixels,
    network,
    view: contrastiveView(options),
    optimizer,
    rates: cosineEpoch({ base: rate, rate: FALL, epochs }),
    arithmetic: context,
    extra: new Map([['settings', settings]]),
    terms: (za, zb) => ({ loss: contrast(za, zb, { temperature }), twinsNearest: twinsNearest(za, zb) }),
  });
}
