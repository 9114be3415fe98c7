import { muster, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { SparseRows } from './sparse-rows.ts';
import type { UmapCurve } from './umap-curve.ts';

/** What {@link optimiseLayout} moves, and how. */
export interface LayoutOptions {
  readonly curve: UmapCurve;
  readonly epochs: number;
  /** Pushes away from random points for each pull. Default 5. */
  readonly negatives?: number;
  /** Step of the first epoch; it falls linearly to 0. Default 1. */
  readonly learningRate?: number;
  /** Seed of the random points, a whole number. */
  readonly seed: number;
  /** Called after each epoch. */
  readonly onEpoch?: ((done: number, epochs: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * UMAP's layout by stochastic gradient descent with negative sampling: every edge pulls its ends together in a share of
 * the epochs equal to its weight over the largest, and each pull is followed by pushes away from random points. A seed
 * fixes the result for any number of threads.
 *
 * @param points float32 [n, dimensions], contiguous, on the CPU; moved in place
 * @param anchors the points that edges lead to and that push, which stay; null: `points` themselves, which
 *   are moved at both ends
 * @source McInnes, Healy and Melville, "UMAP", 2018, algorithm 5; the sampling schedule of the authors' code
 */
export function optimiseLayout(
  points: Tensor,
  anchors: Tensor | null,
  { offsets, targets, weights }: SparseRows,
  { curve, epochs, negatives = 5, learningRate = 1, seed, onEpoch, signal }: LayoutOptions,
): void {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  scope(() => {
    const [starts, ends] = [tensor(offsets), tensor(targets)];
    const shares = tensor(weights).div(largest).to('float32');
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal?.throwIfAborted();
      const rate = learningRate * (1 - epoch / epochs);
      muster.umapEpoch_(points, anchors, starts, ends, shares, { ...curve, negatives, rate, epoch, seed });
      onEpoch?.(epoch + 1, epochs);
    }
  });
}
