import { randomStream } from '../base/index.ts';

/**
 * Rows 0..n-1 in random order as batches; the last one holds what is left.
 *
 * @param stream name of the random stream: the order depends on it, the seed and the epoch alone
 */
export function shuffledRows(n: number, batch: number, seed: number, epoch: number, stream: string): Int32Array[] {
  if (!Number.isInteger(batch) || batch < 1) throw new RangeError(`a batch has at least one row, got ${batch}`);
  const order = Int32Array.from(randomStream(seed, stream, epoch).permutation(n));
  return Array.from({ length: Math.ceil(n / batch) }, (_, step) => order.subarray(step * batch, (step + 1) * batch));
}
