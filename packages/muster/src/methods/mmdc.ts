import type { Tensor } from '@muster/torch';
import { valueAt } from '@muster/torch/optim';
import type { Optimizer } from '@muster/torch/optim';
import { rotationLoss, targetLoss } from '../losses/index.ts';
import { decayingRates, descend, imageEpoch, joinEpochs, rotationEpoch, shuffledRows, train } from '../train/index.ts';
import type { Epoch, StepLoss } from '../train/index.ts';
import { defineImageMethod, fingerprintOf } from './method.ts';
import type { ImageFit } from './method.ts';
import { assignTargets, refineTargets } from './mmdc/assign.ts';
import { MmdcModel } from './mmdc/model.ts';
import { completeMmdc, mmdcOptions } from './mmdc/options.ts';
import { startMmdc } from './mmdc/start.ts';
import type { MmdcState } from './mmdc/start.ts';
import { augmentation } from './mmdc/views.ts';
import type { ImageBatch } from './mmdc/views.ts';

/**
 * Multi-Modal Deep Clustering: a network maps images to points drawn from a mixture of Gaussians on the unit sphere; who gets which
 * point is settled batch by batch, at the least sum of distances; in between it learns to tell rotations apart.
 *
 * Algorithm 1 of the paper, in the order of the authors' code: rotations before clustering.
 */
export const mmdc = defineImageMethod({
  id: 'mmdc',
  title: 'MMDC: images mapped to points of a mixture, and rotations told apart',
  paper: 'Shiran and Weinshall, "Multi-Modal Deep Clustering: Unsupervised Partitioning of Images", 2020',
  promises: 'up-to-k',
  options: mmdcOptions,
  cost: 'the network over all images 4 times an epoch, with rotations 16 times',
  restore: (stored, device) => MmdcModel.restore(stored, device),
  restoreCheckpoint: (tensors, options, shape, device) =>
    MmdcModel.of(tensors, completeMmdc(options, shape), shape.channels, device),
  complete: completeMmdc,
  view: (options, shape) => augmentation(completeMmdc(options, shape), shape.channels),

  async fit(data, given, context): Promise<ImageFit> {
    using state = startMmdc(data, given, context);
    const { options } = state;
    const rates = decayingRates(options);
    const loss = await train(
      {
        name: 'mmdc',
        fingerprint: fingerprintOf(data, options),
        epochs: options.epochs,
        groups: options.groups,
        state: () => state.tensors(),
        figures: () => state.watch.state(),
        begin: (epoch, resumed) => mmdcEpoch(state, epoch, resumed),
        report: (epoch) => ({ rate: valueAt(rates, epoch), ...state.watch.figures() }),
      },
      context,
    );
    const model = MmdcModel.of(state.tensors(), options, state.channels, context.device);
    return { model, groups: options.groups, values: Number.isNaN(loss) ? {} : { loss, ...state.watch.figures() } };
  },
});

/** One epoch: all batches of the rotation task, then all of the clustering; the refinement before both. */
export function mmdcEpoch(state: MmdcState, epoch: number, resumed: boolean): Epoch<Tensor> {
  const { options, pixels, network, optimizer, views, arithmetic, seed, watch } = state;
  const { batch, copies, refineFrom = Infinity, rate, rotationRate = rate } = options;
  const [n = 0] = pixels.shape;
  const isRefining = epoch >= refineFrom;
  if (!resumed) {
    watch.reset();
    if (isRefining) refineTargets(state, epoch);
  }

  const clustering = imageEpoch({
    pixels,
    batches: shuffledRows(n, batch, seed, epoch, 'clustering'),
    step: (images, rows) => clusteringStep(state, { images, rows, seed, epoch }, isRefining),
  });
  const decayed = valueAt(decayingRates(options), epoch) / rate;
  const seen = { ...atRate(optimizer, rate * decayed, clustering), images: n * copies };
  const head = network.rotationHead;
  if (head === null) return seen;
  const logits = (images: Tensor): Tensor => head.forward(network.features(images));
  const task = { pixels, batch, seed, view: views.cropped, optimizer, arithmetic, logits, loss: rotationLoss };
  return joinEpochs(atRate(optimizer, rotationRate * decayed, rotationEpoch(task, epoch)), seen);
}

/** f(X_b) settles P for the batch, then g(X_b) goes down the gradient of eq. 1. In the refinement P stands. */
function clusteringStep(state: MmdcState, batch: ImageBatch, isRefining: boolean): StepLoss {
  const { views, options, targets, optimizer } = state;
  if (!isRefining) assignTargets(state, batch);
  const z = state.outputs(views.augmented(batch, options.copies)); // (copies B, d)
  const loss = targetLoss(z, targets.of(batch.rows).repeat([options.copies, 1]), options.loss);
  descend(optimizer, loss);
  return { loss, clustering: loss.detach() };
}

/** Sets a learning rate, λ_c or λ_r, before each of an epoch's steps. */
function atRate(optimizer: Optimizer, rate: number, epoch: Epoch<Tensor>): Epoch<Tensor> {
  return {
    ...epoch,
    step: (index, batch) => {
      optimizer.lr = rate;
      return epoch.step(index, batch);
    },
  };
}
