import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { forBlocks, rowDistances } from './row-distances.ts';
import type { RowMetric } from './row-distances.ts';

/** Settings of {@link trustworthiness}. */
export interface TrustworthinessOptions {
  /** Neighbours looked at. Default 5. */
  readonly k?: number;
  /** How rows of x are compared; those of y always by Euclidean distance. Default euclidean. */
  readonly metric?: RowMetric;
  /** Ends the work between two blocks. */
  readonly signal?: AbortSignal;
}

/** Distances held at a time. */
const BLOCK_DISTANCES = 1 << 23;

/**
 * How far the k nearest neighbours in an embedding are neighbours in the original space: 1 where all are, less for each
 * by how much its rank there exceeds k. Only the ranks of these k are found, by counting who is nearer, a block of rows
 * at a time; of equally near rows the first counts as nearer.
 * Source: Venna and Kaski, ICANN 2001, eq. 1.
 * @param x [n, d], the original rows
 * @param y [n, e], the embedding of the same rows
 * @returns at most 1
 * @throws MusterError metrics.neighbours where k is not in 1..(n - 1) / 2; metrics.rows
 */
export function trustworthiness(x: Tensor, y: Tensor, options: TrustworthinessOptions = {}): number {
  const { k = 5, metric = 'euclidean', signal } = options;
  return scope(() =>
    torch.noGrad(() => {
      const original = rowDistances(x, metric, 'the original');
      const embedded = rowDistances(y, 'euclidean', 'the embedding');
      const { n } = original;
      if (embedded.n !== n) {
        throw new MusterError('metrics.rows', `the original has ${n} rows, the embedding ${embedded.n}`);
      }
      if (!Number.isInteger(k) || k < 1 || 2 * k >= n) {
        throw new MusterError('metrics.neighbours', `${k} neighbours of ${n} rows`, {
          fix: 'ask for at least 1 and for less than half as many as there are rows',
        });
      }
      let penalty = 0;
      forBlocks(n, Math.max(1, Math.floor(BLOCK_DISTANCES / n)), (start, length) => {
        signal?.throwIfAborted();
        const near = nearest(excludeSelf(embedded.between(start, length, 0, n), start), k);
        const ranks = ranksOf(excludeSelf(original.between(start, length, 0, n), start), near);
        penalty += ranks.sub(k).clampMin(0).sum().item();
      });
      return 1 - (2 / (n * k * (2 * n - 3 * k - 1))) * penalty;
    }),
  );
}

function excludeSelf(distances: Tensor, start: number): Tensor {
  distances.diagonal(start).fill_(Infinity);
  return distances;
}

/** int64 [m, k]: the columns of the k least distances, in any order; of equal ones at the border the first. */
function nearest(distances: Tensor, k: number): Tensor {
  const [values, indices] = distances.topk(k + 1, 1, false, true);
  const near = indices.narrow(1, 0, k).clone();
  const tied = values
    .select(1, k - 1)
    .eq(values.select(1, k))
    .nonzero()
    .squeeze(1);
  if (tied.numel > 0) {
    const [, order] = distances.indexSelect(0, tied).sort({ stable: true, dim: 1 });
    near.indexCopy_(0, tied, order.narrow(1, 0, k));
  }
  return near;
}

/** int64 [m, k]: the rank of each named column in its row of distances, counted from 1. */
function ranksOf(distances: Tensor, columns: Tensor): Tensor {
  const limits = distances.gather(1, columns);
  const ranks = torch.empty(columns.shape, { dtype: 'int64', device: columns.device });
  // Ones are summed faster as floats than as truth values, and exactly up to 2^24 of them.
  const ones = torch.empty(distances.shape, { dtype: 'float32', device: distances.device });
  columns.unbind(1).forEach((column, place) => {
    scope(() => {
      const limit = limits.narrow(1, place, 1);
      const nearer = torch.lt(distances, limit, { out: ones }).sum([1]).to('int64');
      const equal = torch.eq(distances, limit, { out: ones }).sum([1]).gt(1).nonzero().squeeze(1);
      ranks.select(1, place).copy_(nearer.add(1));
      if (equal.numel > 0) ranks.select(1, place).indexAdd_(0, equal, equalBefore(distances, limit, column, equal));
    });
  });
  return ranks;
}

/** int64 [m]: in each of these rows, the columns of the same distance that stand before the given one. */
function equalBefore(distances: Tensor, limit: Tensor, column: Tensor, rows: Tensor): Tensor {
  const places = torch.arange(0, distances.shape[1] ?? 0, { dtype: 'int64', device: distances.device });
  const before = places.lt(column.indexSelect(0, rows).unsqueeze(1));
  const same = distances.indexSelect(0, rows).eq(limit.indexSelect(0, rows));
  return same.logicalAnd(before).sum([1]);
}
