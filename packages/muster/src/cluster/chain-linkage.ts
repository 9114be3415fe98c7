import { MusterError } from '../base/index.ts';
import type { CondensedDistances } from './condensed-distances.ts';

/** How the distance of two clusters follows from those of their rows. */
export type Linkage = 'ward' | 'average' | 'complete' | 'single';

/** Merges of a hierarchy: `first[t]` and `second[t]` are rows of the two clusters that merge `t` joins. */
export interface Merges {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly heights: Float64Array;
}

/** Distance of a cluster to the union of clusters a and b: of sizes and distances (to a, to b, between a and b). */
type Update = (toA: number, toB: number, ab: number, a: number, b: number, other: number) => number;

/** @source Lance and Williams, 1967; Ward's on squared distances. */
const updates: Record<Exclude<Linkage, 'single'>, Update> = {
  ward: (toA, toB, ab, a, b, other) => ((a + other) * toA + (b + other) * toB - other * ab) / (a + b + other),
  average: (toA, toB, _ab, a, b) => (a * toA + b * toB) / (a + b),
  complete: (toA, toB) => (toA > toB ? toA : toB),
};

/**
 * The hierarchy of a table of distances by chains of nearest neighbours, in O(n²): exact for these linkages. The
 * distances are overwritten. Merges come in the order of the chains, not of their heights.
 * @param distances squared Euclidean for ward, whose heights then are squares too
 * @source Murtagh, 1983; Müllner, "Modern hierarchical, agglomerative clustering algorithms", 2011, fig. 3
 */
export function chainLinkage(distances: CondensedDistances, linkage: Exclude<Linkage, 'single'>): Merges {
  const { n, values, starts } = distances;
  const merges = emptyMerges(n);
  const sizes = new Float64Array(n).fill(1);
  const active = Int32Array.from({ length: n }, (_, i) => i); // ascending
  const chain = new Int32Array(n + 1);
  const update = updates[linkage];
  let length = 0;
  for (let t = 0, count = n; t < n - 1; t++, count--) {
    if (length === 0) chain[length++] = active[0] ?? 0;
    for (;;) {
      const x = chain[length - 1] ?? 0;
      const before = length > 1 ? (chain[length - 2] ?? 0) : -1;
      const y = nearest(values, starts, active, count, x, before);
      if (y === before) break;
      chain[length++] = y;
    }
    const [last, previous] = [chain[length - 1] ?? 0, chain[length - 2] ?? 0];
    const [x, y] = [Math.min(last, previous), Math.max(last, previous)];
    length -= 2;
    const height = values[(starts[x] ?? 0) + y] ?? NaN;
    record(merges, t, x, y, height);
    removeActive(active, count, x);
    mergeRows(distances, active.subarray(0, count - 1), sizes, x, y, update);
    sizes[y] = (sizes[y] ?? 0) + (sizes[x] ?? 0);
  }
  return merges;
}

/** Single linkage by the minimum spanning tree. */
export function singleLinkage({ n, values, starts }: CondensedDistances): Merges {
  return spanningTree(n, (x) => (i) => values[i < x ? (starts[i] ?? 0) + x : (starts[x] ?? 0) + i] ?? NaN);
}

/**
 * The minimum spanning tree of n points, edge by edge; memory is of the order of n.
 *
 * @param from takes one point after the other, each once; gives its distance to any other, until the next is asked for
 * @throws MusterError agglomerative.distance where a distance is NaN or an infinity
 * @source Prim, 1957
 */
export function spanningTree(n: number, from: (point: number) => (other: number) => number): Merges {
  const merges = emptyMerges(n);
  const least = new Float64Array(n).fill(Infinity);
  const via = new Int32Array(n);
  const done = new Uint8Array(n);
  for (let t = 0, x = 0; t < n - 1; t++) {
    done[x] = 1;
    const distanceTo = from(x);
    let next = -1;
    let best = Infinity;
    for (let i = 0; i < n; i++) {
      if (done[i] === 1) continue;
      const distance = distanceTo(i);
      if (distance < (least[i] ?? 0)) {
        least[i] = distance;
        via[i] = x;
      }
      if ((least[i] ?? 0) < best) {
        best = least[i] ?? 0;
        next = i;
      }
    }
    if (next < 0) throw new MusterError('agglomerative.distance', 'a distance is not finite', { kind: 'internal' });
    record(merges, t, via[next] ?? 0, next, best);
    x = next;
  }
  return merges;
}

/** The merges in ascending order of height; equal heights keep their order. */
export function inOrder({ first, second, heights }: Merges): Merges {
  const order = Int32Array.from(heights, (_, t) => t).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0) || a - b);
  return {
    first: order.map((t) => first[t] ?? 0),
    second: order.map((t) => second[t] ?? 0),
    heights: Float64Array.from(order, (t) => heights[t] ?? 0),
  };
}

function emptyMerges(n: number): Merges {
  const count = Math.max(0, n - 1);
  return { first: new Int32Array(count), second: new Int32Array(count), heights: new Float64Array(count) };
}

function record({ first, second, heights }: Merges, t: number, x: number, y: number, height: number): void {
  first[t] = x;
  second[t] = y;
  heights[t] = height;
}

/** The nearest active cluster; on a tie the one before in the chain, else the lowest. */
function nearest(
  values: Float32Array | Float64Array,
  starts: Float64Array,
  active: Int32Array,
  count: number,
  x: number,
  before: number,
): number {
  let best = before;
  let least =
    before < 0 ? Infinity : (values[before < x ? (starts[before] ?? 0) + x : (starts[x] ?? 0) + before] ?? NaN);
  let at = 0;
  for (; at < count; at++) {
    const i = active[at] ?? 0;
    if (i >= x) break;
    const distance = values[(starts[i] ?? 0) + x] ?? 0;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  const row = starts[x] ?? 0;
  for (at++; at < count; at++) {
    const i = active[at] ?? 0;
    const distance = values[row + i] ?? 0;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  if (best < 0) throw new MusterError('agglomerative.distance', 'a distance is not finite', { kind: 'internal' });
  return best;
}

function removeActive(active: Int32Array, count: number, x: number): void {
  let low = 0;
  for (let high = count - 1; low < high;) {
    const middle = (low + high) >> 1;
    if ((active[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  active.copyWithin(low, low + 1, count);
}

/** Writes the distances of the union of x < y in y's place. */
function mergeRows(
  { values, starts }: CondensedDistances,
  active: Int32Array,
  sizes: Float64Array,
  x: number,
  y: number,
  update: Update,
): void {
  const [a, b] = [sizes[x] ?? 0, sizes[y] ?? 0];
  const [rowX, rowY] = [starts[x] ?? 0, starts[y] ?? 0];
  const ab = values[rowX + y] ?? 0;
  for (let at = 0; at < active.length; at++) {
    const i = active[at] ?? 0;
    if (i === y) continue;
    const row = starts[i] ?? 0;
    const toX = values[i < x ? row + x : rowX + i] ?? 0;
    const own = i < y ? row + y : rowY + i;
    values[own] = update(toX, values[own] ?? 0, ab, a, b, sizes[i] ?? 0);
  }
}
