import * as torch from '@muster/torch';
import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Optimizer } from '@muster/torch/optim';
import { tacLoss } from '../../losses/index.ts';
import type { TacLossOptions } from '../../losses/index.ts';
import { drawNeighbours, shuffledBatches, trainingState } from '../../train/index.ts';
import type { Epoch, TacHead, Training } from '../../train/index.ts';

/** What the two heads are trained on. */
export interface TacTrainingOptions {
  readonly fingerprint: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  /** [N, d] unit rows, and their text counterparts. */
  readonly images: Tensor;
  readonly counterparts: Tensor;
  /** int64 [N, m]: nearest others of each image, and of each counterpart. */
  readonly imageNeighbours: Tensor;
  readonly textNeighbours: Tensor;
  readonly imageHead: TacHead;
  readonly textHead: TacHead;
  readonly optimizer: Optimizer;
  readonly loss: TacLossOptions;
}

/** The rows of every step of an epoch: int64 [steps, 2B] each, the anchors and then a neighbour of each. */
export interface TacPlan {
  readonly images: Tensor;
  readonly texts: Tensor;
}

/** TAC's training of two heads; what it returns holds no tensors of its own. Source: TAC algorithm 1, lines 9-17. */
export function tacTraining(options: TacTrainingOptions): Training {
  const { imageHead, textHead, optimizer, fingerprint, epochs } = options;
  return {
    name: 'tac',
    fingerprint,
    epochs,
    state: () => trainingState([imageHead.stateDict(), textHead.stateDict()], optimizer),
    begin: (epoch) => tacEpoch(options, drawPlan(options, epoch)),
  };
}

/** Draws an epoch: the images in random order, one neighbour of each in either modality, evenly among the nearest. */
export function drawPlan(options: TacTrainingOptions, epoch: number): TacPlan {
  const { images, imageNeighbours, textNeighbours, batch, seed } = options;
  return scope(() => {
    const order = shuffledBatches(images.shape[0] ?? 0, batch, seed, epoch).to({ device: images.device }); // (steps, B)
    const withNeighbour = (neighbours: Tensor, stream: string): Tensor => {
      const drawn = drawNeighbours(neighbours, undefined, { seed, epoch, stream });
      return torch.cat([order, drawn.indexSelect(0, order.view([-1])).viewAs(order)], 1);
    };
    return {
      images: withNeighbour(imageNeighbours, 'image-neighbour'),
      texts: withNeighbour(textNeighbours, 'text-neighbour'),
    };
  });
}

/** The steps of a plan, which it takes over. */
export function tacEpoch(options: TacTrainingOptions, plan: TacPlan): Epoch & Disposable {
  const { images, counterparts, imageHead, textHead, optimizer, loss } = options;
  return {
    steps: plan.images.shape[0] ?? 0,
    step: (index) => {
      const [p, pn] = halves(imageHead.probabilities(images.indexSelect(0, plan.images.select(0, index)), 2));
      const [q, qn] = halves(textHead.probabilities(counterparts.indexSelect(0, plan.texts.select(0, index)), 2));
      const total = tacLoss({ p, pn, q, qn }, loss).loss;
      optimizer.zeroGrad();
      total.backward();
      optimizer.step();
      return total.detach();
    },
    [Symbol.dispose]: () => {
      plan.images.dispose();
      plan.texts.dispose();
    },
  };
}

function halves(both: Tensor): [Tensor, Tensor] {
  const size = (both.shape[0] ?? 0) / 2;
  return [both.narrow(0, 0, size), both.narrow(0, size, size)];
}
