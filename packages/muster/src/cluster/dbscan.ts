import { noGrad, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { distanceBlockRows, distanceBlocks } from './condensed-distances.ts';
import type { DistanceMetric } from './condensed-distances.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { nearestNeighbours } from './neighbours.ts';
import { forBlocks, tableShape } from './rows.ts';

/** Settings of {@link dbscan}. */
export interface DbscanOptions {
  /** Rows at most this far are neighbours. Default: {@link kneeRadius}. */
  readonly radius?: number;
  /** Neighbours that make a row a core row, itself counted. Default 5. */
  readonly minPoints?: number;
  /** Default euclidean. */
  readonly metric?: DistanceMetric;
  /** Ends the search between two blocks. */
  readonly signal?: AbortSignal;
}

/** Groups of dense rows. */
export interface DensityPartition {
  /** int64 [n]: groups in the order of their first core rows; -1 for noise. */
  readonly labels: Tensor;
  /** bool [n] */
  readonly core: Tensor;
  readonly groups: number;
  readonly radius: number;
}

/**
 * DBSCAN: core rows within the radius of each other share a group; a row that is near a core row without being one joins
 * the first such group. Distances are computed twice, in blocks: memory beside x is of the order of n.
 *
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.rows, cluster.nan
 * @source Ester, Kriegel, Sander and Xu, KDD 1996
 */
export function dbscan(x: Tensor, options: DbscanOptions = {}): DensityPartition {
  const { minPoints = 5, metric = 'euclidean', signal } = options;
  return scope(() =>
    noGrad(() => {
      const [n] = tableShape(x, 'the table');
      const radius = options.radius ?? kneeRadius(x, minPoints, metric);
      const { block } = distanceBlocks(x, metric, false);
      const visit = (take: (within: Tensor, start: number, length: number) => void): void => {
        forBlocks(n, distanceBlockRows(n), (start, length) => {
          signal?.throwIfAborted();
          const within = block(start, length).le(radius);
          within.diagonal().fill_(true);
          take(within, start, length);
        });
      };
      const core = coreRows(n, minPoints, visit);
      const { labels, groups } = groupsOf(core, visit);
      return { labels: tensor(BigInt64Array.from(labels, BigInt)), core: tensor(core).to('bool'), groups, radius };
    }),
  );
}

/**
 * The radius at the knee of the ascending distances to the (minPoints - 1)-th neighbour: where that curve is farthest
 * below the line from its first to its last point.
 */
export function kneeRadius(x: Tensor, minPoints: number, metric: DistanceMetric = 'euclidean'): number {
  const [n] = tableShape(x, 'the table');
  const k = Math.min(Math.max(1, minPoints - 1), n - 1);
  if (k < 1) return 0;
  const farthest = scope(() =>
    nearestNeighbours(x, { k, metric })
      .values.select(1, k - 1)
      .toFloat64Array(),
  );
  const curve = farthest.map((value) => (metric === 'cosine' ? Math.max(0, 1 - value) : value)).sort();
  const [low, high] = [curve[0] ?? 0, curve[n - 1] ?? 0];
  let [best, drop] = [n - 1, -Infinity];
  curve.forEach((value, i) => {
    const below = low + ((high - low) * i) / Math.max(1, n - 1) - value;
    if (below > drop) [best, drop] = [i, below];
  });
  return curve[best] ?? 0;
}

/** Calls back with blocks of the upper triangle of "is within the radius", [length, n - start]. */
type Visit = (take: (within: Tensor, start: number, length: number) => void) => void;

function coreRows(n: number, minPoints: number, visit: Visit): Uint8Array {
  const counts = new Float64Array(n);
  visit((within, start, length) => {
    const rows = within.sum([1]).toNumbers();
    rows.forEach((count, r) => (counts[start + r] = (counts[start + r] ?? 0) + count));
    // Pairs right of the block's own square count for the later rows too.
    const columns = within.sum([0]).toNumbers();
    for (let c = length; c < columns.length; c++) counts[start + c] = (counts[start + c] ?? 0) + (columns[c] ?? 0);
  });
  return Uint8Array.from(counts, (count) => (count >= minPoints ? 1 : 0));
}

function groupsOf(core: Uint8Array, visit: Visit): { labels: Int32Array; groups: number } {
  const n = core.length;
  const sets = new DisjointSets(n);
  const borders: [number, number][] = []; // rows that are no core rows have few neighbours
  const isCore = tensor(core).to('bool');
  visit((within, start, length) => {
    const a = isCore.narrow(0, start, length).unsqueeze(1);
    const b = isCore.narrow(0, start, n - start);
    const pairs = within.logicalAnd(a.logicalOr(b)).triu(1).nonzero().to('int32').toTypedArray();
    for (let at = 0; at < pairs.length; at += 2) {
      const i = start + Number(pairs[at] ?? 0);
      const j = start + Number(pairs[at + 1] ?? 0);
      if (core[i] === 1 && core[j] === 1) sets.join(i, j);
      else borders.push(core[i] === 1 ? [j, i] : [i, j]);
    }
  });
  const labels = new Int32Array(n).fill(-1);
  let groups = 0;
  for (let i = 0; i < n; i++) {
    if (core[i] !== 1) continue;
    const lowest = sets.find(i);
    labels[i] = lowest === i ? groups++ : (labels[lowest] ?? -1);
  }
  for (const [border, neighbour] of borders) {
    const [own, offered] = [labels[border] ?? -1, labels[neighbour] ?? -1];
    if (own < 0 || offered < own) labels[border] = offered;
  }
  return { labels, groups };
}
