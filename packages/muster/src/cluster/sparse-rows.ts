import { tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { DisjointSets } from './disjoint-sets.ts';

/** A square sparse matrix by rows; the columns of each row ascend. */
export interface SparseRows {
  readonly n: number;
  /** [n + 1]: row i is at `offsets[i]` to `offsets[i + 1]`. */
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float64Array;
}

/**
 * The matrix of neighbour lists.
 * @param indices (n, k) row-major; negative entries are left out
 * @param weights (n, k)
 */
export function sparseFromLists(
  indices: ArrayLike<number>,
  weights: ArrayLike<number>,
  n: number,
  k: number,
): SparseRows {
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) {
    let count = offsets[i] ?? 0;
    for (let at = i * k; at < (i + 1) * k; at++) if ((indices[at] ?? -1) >= 0) count++;
    offsets[i + 1] = count;
  }
  const targets = new Int32Array(offsets[n] ?? 0);
  const values = new Float64Array(targets.length);
  for (let at = 0, to = 0; at < n * k; at++) {
    const target = indices[at] ?? -1;
    if (target < 0) continue;
    targets[to] = target;
    values[to++] = weights[at] ?? 0;
  }
  // A transpose has its columns in order, whatever the order of the original.
  return transpose(transpose({ n, offsets, targets, weights: values }));
}

export function transpose({ n, offsets, targets, weights }: SparseRows): SparseRows {
  const starts = new Int32Array(n + 1);
  for (const target of targets) starts[target + 1] = (starts[target + 1] ?? 0) + 1;
  for (let i = 0; i < n; i++) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0);
  const next = starts.slice();
  const turned = new Int32Array(targets.length);
  const values = new Float64Array(targets.length);
  for (let i = 0; i < n; i++) {
    for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) {
      const target = targets[at] ?? 0;
      const to = next[target] ?? 0;
      next[target] = to + 1;
      turned[to] = i;
      values[to] = weights[at] ?? 0;
    }
  }
  return { n, offsets: starts, targets: turned, weights: values };
}

/** The matrix with the entries `f(a, b)` wherever a or b has one; zeros are left out. */
export function combine(a: SparseRows, b: SparseRows, f: (a: number, b: number) => number): SparseRows {
  const offsets = new Int32Array(a.n + 1);
  const targets = new Int32Array(a.targets.length + b.targets.length);
  const weights = new Float64Array(targets.length);
  let to = 0;
  for (let i = 0; i < a.n; i++) {
    let [p, q] = [a.offsets[i] ?? 0, b.offsets[i] ?? 0];
    const [endP, endQ] = [a.offsets[i + 1] ?? 0, b.offsets[i + 1] ?? 0];
    while (p < endP || q < endQ) {
      const left = p < endP ? (a.targets[p] ?? 0) : a.n;
      const right = q < endQ ? (b.targets[q] ?? 0) : a.n;
      const target = Math.min(left, right);
      const value = f(left === target ? (a.weights[p++] ?? 0) : 0, right === target ? (b.weights[q++] ?? 0) : 0);
      if (value === 0) continue;
      targets[to] = target;
      weights[to++] = value;
    }
    offsets[i + 1] = to;
  }
  return { n: a.n, offsets, targets: targets.slice(0, to), weights: weights.slice(0, to) };
}

/** Sum of each row. */
export function rowSums({ n, offsets, weights }: SparseRows): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) sum += weights[at] ?? 0;
    sums[i] = sum;
  }
  return sums;
}

/** Every entry by a factor of its row and one of its column. */
export function scaleBoth({ n, offsets, targets, weights }: SparseRows, scale: Float64Array): SparseRows {
  const values = new Float64Array(weights.length);
  for (let i = 0; i < n; i++) {
    const row = scale[i] ?? 0;
    for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) {
      values[at] = row * (weights[at] ?? 0) * (scale[targets[at] ?? 0] ?? 0);
    }
  }
  return { n, offsets, targets, weights: values };
}

/** Connected components, numbered in the order of their first rows. */
export function components({ n, offsets, targets }: SparseRows): {
  readonly labels: Int32Array;
  readonly count: number;
} {
  const sets = new DisjointSets(n);
  for (let i = 0; i < n; i++) {
    for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) sets.join(i, targets[at] ?? 0);
  }
  return { labels: sets.labels(), count: sets.count };
}

/** Products with tables: a function of [n, m], float32 or float64, to [n, m] of the same type. */
export function multiplier({ n, offsets, targets, weights }: SparseRows): (x: Tensor) => Tensor {
  const starts = tensor(offsets.slice(0, n));
  const columns = tensor(targets);
  const wide = tensor(weights);
  const narrow = wide.to('float32');
  return (x) =>
    torch.embeddingBag(x.contiguous(), columns, starts, false, 0, false, x.dtype === 'float64' ? wide : narrow)[0];
}

/** The whole matrix, float64 [n, n]. */
export function toDense({ n, offsets, targets, weights }: SparseRows): Tensor {
  const dense = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++)
      dense[i * n + (targets[at] ?? 0)] = weights[at] ?? 0;
  }
  return tensor(dense, [n, n]);
}
