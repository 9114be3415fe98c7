import type { Tensor } from '@muster/torch';
import type { Optimizer } from '@muster/torch/optim';
import type { Epoch } from './epochs.ts';
import { gatherPixels } from './gather.ts';
import type { StepLoss } from './loss-tally.ts';

/** What an epoch over images does. */
export interface ImageEpochOptions {
  /** uint8 [N, H, W, C] */
  readonly pixels: Tensor;
  /** Rows of every step. */
  readonly batches: readonly Int32Array[];
  /**
   * One gradient step.
   *
   * @param images uint8 [n, C, H, W], channels-last in memory, on the CPU
   */
  readonly step: (images: Tensor, rows: Int32Array, index: number) => StepLoss;
}

/** An epoch whose pixels are gathered ahead of the steps. */
export function imageEpoch({ pixels, batches, step }: ImageEpochOptions): Epoch<Tensor> {
  const rowsOf = (index: number): Int32Array => batches[index] ?? new Int32Array(0);
  return {
    steps: batches.length,
    images: batches.reduce((sum, rows) => sum + rows.length, 0),
    load: (index) => gatherPixels(pixels, rowsOf(index)),
    step: (index, batch) => step(channelsFirst(batch), rowsOf(index), index),
  };
}

/** Epochs one after the other as one. */
export function joinEpochs(...parts: readonly Epoch<Tensor>[]): Epoch<Tensor> {
  const place = (index: number): { part: Epoch<Tensor>; at: number } => {
    let at = index;
    for (const part of parts) {
      if (at < part.steps) return { part, at };
      at -= part.steps;
    }
    throw new RangeError(`there is no step ${index}`);
  };
  return {
    steps: parts.reduce((sum, { steps }) => sum + steps, 0),
    images: parts.reduce((sum, { images = 0 }) => sum + images, 0),
    load: async (index) => {
      const { part, at } = place(index);
      if (part.load === undefined) throw new RangeError('an epoch over images loads its batches');
      return await part.load(at);
    },
    step: (index, batch) => {
      const { part, at } = place(index);
      return part.step(at, batch);
    },
  };
}

/** uint8 [n, H, W, C] as [n, C, H, W] over the same memory. */
export function channelsFirst(pixels: Tensor): Tensor {
  return pixels.permute([0, 3, 1, 2]);
}

/** The batches that are full, or all where none is: a contrast with few others, or a batch norm over one image, is another task. */
export function fullBatches(batches: readonly Int32Array[], size: number): readonly Int32Array[] {
  const full = batches.filter(({ length }) => length === size);
  return full.length === 0 ? batches : full;
}

/** One step down a loss; gives the loss. */
export function descend(optimizer: Optimizer, loss: Tensor): Tensor {
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
}
