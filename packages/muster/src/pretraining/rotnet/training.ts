import type { Tensor } from '@muster/torch';
import { valueAt } from '@muster/torch/optim';
import type { Optimizer } from '@muster/torch/optim';
import { rotationLoss } from '../../losses/index.ts';
import type { ResNet } from '../../models/index.ts';
import { decayingRates, rotationEpoch, trainingState } from '../../train/index.ts';
import type { ImageData, Training } from '../../train/index.ts';
import type { PretrainingContext } from '../pretraining.ts';
import { rotNetView } from './network.ts';
import type { CompleteRotNetOptions } from './options.ts';

/** What RotNet's training is made of. */
export interface RotNetTrainingParts {
  readonly data: ImageData;
  readonly options: CompleteRotNetOptions;
  readonly context: Pick<PretrainingContext, 'seed' | 'device' | 'precision'>;
  readonly fingerprint: string;
  readonly network: ResNet;
  readonly optimizer: Optimizer;
}

/** An epoch is one pass over all images in their four turns. What it returns holds no tensors of its own. */
export function rotNetTraining({
  data,
  options,
  context,
  fingerprint,
  network,
  optimizer,
}: RotNetTrainingParts): Training<Tensor> {
  const { epochs, batch } = options;
  const rates = decayingRates(options);
  const task = {
    pixels: data.pixels,
    batch,
    seed: context.seed,
    view: rotNetView(options),
    optimizer,
    arithmetic: context,
    logits: (images: Tensor) => network.rotations(images),
    loss: rotationLoss,
  };
  return {
    name: 'rotnet',
    fingerprint,
    epochs,
    state: () => trainingState([network.stateDict()], optimizer),
    begin: (epoch) => {
      network.train();
      optimizer.lr = valueAt(rates, epoch);
      return rotationEpoch(task, epoch);
    },
    report: (epoch) => ({ rate: valueAt(rates, epoch) }),
  };
}
