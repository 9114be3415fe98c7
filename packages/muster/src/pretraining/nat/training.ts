import type { Tensor } from '@muster/torch';
import { valueAt } from '@muster/torch/optim';
import type { Optimizer } from '@muster/torch/optim';
import { Draws } from '../../augment/index.ts';
import { natLoss, rotationLoss, unitRows } from '../../losses/index.ts';
import type { ResNet } from '../../models/index.ts';
import {
  decayingRates,
  descend,
  imageEpoch,
  inPrecision,
  joinEpochs,
  rotationEpoch,
  shuffledRows,
  trainingState,
} from '../../train/index.ts';
import type { Epoch, ImageData, Training } from '../../train/index.ts';
import type { PretrainingContext } from '../pretraining.ts';
import { natViews } from './network.ts';
import type { CompleteNatOptions } from './options.ts';
import type { NoiseTargets } from './targets.ts';

/** What NAT's training is made of. */
export interface NatTrainingParts {
  readonly data: ImageData;
  readonly options: CompleteNatOptions;
  readonly context: Pick<PretrainingContext, 'seed' | 'device' | 'precision'>;
  readonly fingerprint: string;
  readonly network: ResNet;
  readonly optimizer: Optimizer;
  readonly targets: NoiseTargets;
}

/** An epoch of NAT, with rotations after one of RotNet. What it returns holds no tensors of its own. */
export function natTraining(parts: NatTrainingParts): Training<Tensor> {
  const { data, options, context, fingerprint, network, optimizer, targets } = parts;
  const { rotationRate = options.rate } = options;
  const views = natViews(options);
  const rates = decayingRates(options);
  const turning = {
    pixels: data.pixels,
    batch: options.batch,
    seed: context.seed,
    view: views.turned,
    optimizer,
    arithmetic: context,
    logits: (images: Tensor) => network.rotations(images),
    loss: rotationLoss,
  };
  return {
    name: 'nat',
    fingerprint,
    epochs: options.epochs,
    state: () => trainingState([network.stateDict()], optimizer).set('targets.held', targets.held),
    figures: () => new Map([['figures.dealt', targets.dealt]]),
    begin: (epoch, resumed) => {
      network.train();
      if (!resumed) targets.reset();
      const rate = valueAt(rates, epoch);
      const fitting = atRate(optimizer, rate, noiseEpoch(parts, epoch));
      if (!options.rotation) return fitting;
      const turns = atRate(optimizer, (rate / options.rate) * rotationRate, rotationEpoch(turning, epoch));
      return joinEpochs(turns, fitting);
    },
    report: (epoch) => ({ rate: valueAt(rates, epoch), ...targets.figures() }),
  };
}

/** Sets the learning rate before each of an epoch's steps. */
function atRate(optimizer: Optimizer, rate: number, epoch: Epoch<Tensor>): Epoch<Tensor> {
  return {
    ...epoch,
    step: (index, batch) => {
      optimizer.lr = rate;
      return epoch.step(index, batch);
    },
  };
}

function noiseEpoch(
  { data, options, context, network, optimizer, targets }: NatTrainingParts,
  epoch: number,
): Epoch<Tensor> {
  const { seed, device } = context;
  const { augmented } = natViews(options);
  const isAssigned = epoch % options.period === 0;
  return imageEpoch({
    pixels: data.pixels,
    batches: shuffledRows(data.pixels.shape[0] ?? 0, options.batch, seed, epoch, 'nat'),
    step: (images, rows) => {
      const views = augmented(images.to({ device }), new Draws({ seed, epoch, view: 0, rows }));
      const outputs = unitRows(inPrecision(context, () => network.targets(views)).to('float32'));
      if (isAssigned) targets.reassign(rows, outputs);
      const { loss, distance } = natLoss(outputs, targets.of(rows).to({ device }), { reduction: options.loss });
      return { loss: descend(optimizer, loss), distance };
    },
  });
}
