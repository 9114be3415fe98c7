import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';

/** How rows are compared: `cosine` is one minus the similarity, a row of zeros being as far as can be from all others. */
export type RowMetric = 'euclidean' | 'cosine';

/** A table whose rows can be compared, a block of pairs at a time. */
export interface RowDistances {
  readonly n: number;
  /** Distances of the rows from `start` on to the rows from `other` on: [length, width], zero for a row and itself. */
  between(start: number, length: number, other: number, width: number): Tensor;
}

/** Up to this many entries a table is compared in float64. */
const DOUBLE_LIMIT = 1 << 20;
/** Up to this many differences, Euclidean distances come from the differences themselves: equal rows tie exactly. */
const DIFFERENCES = 1 << 28;
/** Entries looked at a time. */
const BLOCK_ENTRIES = 1 << 22;
const WITH_DIFFERENCES = 2;
const WITH_PRODUCTS = 1;

/**
 * Prepares rows for comparison. Small tables are compared in float64; large float32 ones by products in float32 around
 * their mean, where distances below a thousandth of a row's length are only roughly right.
 * @param x [n, d], any floating type
 * @throws MusterError metrics.rows where x is no table, holds NaN or an infinity
 */
export function rowDistances(x: Tensor, metric: RowMetric, name = 'the table'): RowDistances {
  const n = refuseNonFinite(x, name);
  const typed = x.to(x.dtype === 'float64' || x.numel <= DOUBLE_LIMIT ? 'float64' : 'float32');
  const between = metric === 'cosine' ? cosineDistances(typed) : euclideanDistances(typed);
  return {
    n,
    between(start, length, other, width) {
      const distances = between(start, length, other, width);
      const diagonal = start - other;
      if (diagonal > -length && diagonal < width) distances.diagonal(diagonal).zero_();
      return distances;
    },
  };
}

function cosineDistances(x: Tensor): RowDistances['between'] {
  const unit = x.div(torch.linalgVectorNorm(x, 2, [1], true).clampMin(1e-12));
  return (start, length, other, width) =>
    torch.rsub(unit.narrow(0, start, length).mm(unit.narrow(0, other, width).t()), 1).clampMin_(0);
}

function euclideanDistances(x: Tensor): RowDistances['between'] {
  const [n = 0, d = 0] = x.shape;
  const isExact = n * n * d <= DIFFERENCES;
  // Distances do not depend on the origin; near the mean, products keep more digits.
  const rows = isExact ? x : x.sub(x.mean([0]));
  const mode = isExact ? WITH_DIFFERENCES : WITH_PRODUCTS;
  return (start, length, other, width) =>
    torch.cdist(rows.narrow(0, start, length), rows.narrow(0, other, width), 2, mode);
}

/**
 * Checks that x is a table of finite numbers.
 * @returns its number of rows
 * @throws MusterError metrics.rows
 */
export function refuseNonFinite(x: Tensor, name: string): number {
  const [n, d, ...rest] = x.shape;
  if (n === undefined || d === undefined || rest.length > 0) {
    throw new MusterError('metrics.rows', `${name} has the shape [${x.shape.join(', ')}]`, {
      fix: 'pass rows: [n, d]',
    });
  }
  forBlocks(n, Math.max(1, Math.floor(BLOCK_ENTRIES / Math.max(1, d))), (start, length) => {
    const finite = x.narrow(0, start, length).isfinite().all(1);
    if (finite.all().item() === 1) return;
    const bad = start + finite.to('uint8').argmin().item();
    throw new MusterError('metrics.rows', `row ${bad} of ${name} is not finite`, {
      fix: 'remove rows with NaN or infinite entries',
    });
  });
  return n;
}

/** Calls `visit` with successive ranges of at most `size` rows, each in a scope of its own. */
export function forBlocks(n: number, size: number, visit: (start: number, length: number) => void): void {
  for (let start = 0; start < n; start += size) {
    scope(() => visit(start, Math.min(size, n - start)));
  }
}
