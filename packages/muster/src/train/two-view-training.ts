import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Layer } from '@muster/torch/nn';
import { valueAt } from '@muster/torch/optim';
import type { Optimizer } from '@muster/torch/optim';
import { Draws } from '../augment/index.ts';
import type { Transform } from '../augment/index.ts';
import type { Training } from './epochs.ts';
import { descend, fullBatches, imageEpoch } from './image-epoch.ts';
import type { StepLoss } from './loss-tally.ts';
import { trainingState } from './neighbour-training.ts';
import { inPrecision } from './precision.ts';
import type { Arithmetic } from './precision.ts';
import { shuffledRows } from './shuffled-rows.ts';

/** A training of a network by two random views of each image. */
export interface TwoViewTrainingOptions {
  readonly name: string;
  readonly fingerprint: string;
  readonly seed: number;
  readonly epochs: number;
  /** Images of a step; a last, smaller batch is left out. */
  readonly batch: number;
  /** uint8 [N, H, W, C] */
  readonly pixels: Tensor;
  readonly network: Layer;
  readonly view: Transform;
  readonly optimizer: Optimizer;
  /** Learning rate of every epoch. */
  readonly rates: ArrayLike<number>;
  readonly arithmetic: Arithmetic;
  /** Tensors to be kept in checkpoints beside the network's and the optimiser's. */
  readonly extra?: ReadonlyMap<string, Tensor>;
  /**
   * The loss, and further scalars to be told, which have no gradient.
   *
   * @param za [n, d] outputs of the first views
   * @param zb [n, d] of the second
   */
  readonly terms: (za: Tensor, zb: Tensor) => { readonly loss: Tensor; readonly [term: string]: Tensor };
}

/** Makes the training; what it returns holds no tensors of its own. */
export function twoViewTraining(options: TwoViewTrainingOptions): Training<Tensor> {
  const { name, fingerprint, epochs, pixels, network, optimizer, seed, rates, extra = [] } = options;
  const [n = 0] = pixels.shape;
  const batch = Math.min(options.batch, n);
  return {
    name,
    fingerprint,
    epochs,
    state: () => new Map([...trainingState([network.stateDict()], optimizer), ...extra]),
    begin: (epoch) => {
      network.train();
      optimizer.lr = valueAt(rates, epoch);
      return imageEpoch({
        pixels,
        batches: fullBatches(shuffledRows(n, batch, seed, epoch, 'two-views'), batch),
        step: (images, rows) => twoViewStep(options, images, { epoch, rows }),
      });
    },
    report: (epoch) => ({ rate: valueAt(rates, epoch) }),
  };
}

function twoViewStep(
  { view, network, optimizer, terms, arithmetic, seed }: TwoViewTrainingOptions,
  images: Tensor,
  { epoch, rows }: { epoch: number; rows: Int32Array },
): StepLoss {
  const moved = images.to({ device: arithmetic.device });
  const views = [0, 1].map((number) => view(moved, new Draws({ seed, epoch, view: number, rows })));
  // Both in one pass: the batch norms see them together, as in SCAN's code.
  const outputs = inPrecision(arithmetic, () => network.forward(torch.cat(views))).to('float32');
  const given = terms(outputs.narrow(0, 0, rows.length), outputs.narrow(0, rows.length, rows.length));
  descend(optimizer, given.loss);
  return given;
}
