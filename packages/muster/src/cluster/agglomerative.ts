import { noGrad, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { chainLinkage, inOrder, singleLinkage } from './chain-linkage.ts';
import type { Linkage, Merges } from './chain-linkage.ts';
import { condensedDistances } from './condensed-distances.ts';
import type { DistanceMetric } from './condensed-distances.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { graphLinkage } from './graph-linkage.ts';
import { tableShape } from './rows.ts';

/** Settings of {@link hierarchy}. */
export interface HierarchyOptions {
  /** Default ward, which goes with Euclidean distances alone. */
  readonly linkage?: Linkage;
  /** Default euclidean. */
  readonly metric?: DistanceMetric;
  /** Merge only along the graph of this many nearest neighbours; by default 20 above 20,000 rows, all pairs below. */
  readonly neighbours?: number;
  /** Ends the search early. */
  readonly signal?: AbortSignal;
}

/** Rows up to which all pairs are compared. */
export const ALL_PAIRS_LIMIT = 20_000;

const GRAPH_NEIGHBOURS = 20;

/**
 * The merges of bottom-up clustering, from n clusters to one. Heights: Ward's is sqrt(2 |A| |B| / (|A| + |B|)) times the
 * distance of the centroids; average, complete and single are the mean, largest and least distance of two rows.
 * All pairs: exact, heights ascending, memory n² / 2 distances. Along a neighbour graph: in the order of merging.
 *
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.rows, cluster.nan; agglomerative.metric for ward on cosines
 */
export function hierarchy(x: Tensor, options: HierarchyOptions = {}): Merges {
  const { linkage = 'ward', metric = 'euclidean', neighbours, signal } = options;
  if (linkage === 'ward' && metric !== 'euclidean') {
    throw new MusterError('agglomerative.metric', `Ward's linkage needs Euclidean distances, not ${metric}`, {
      fix: 'scale the rows to unit length instead, or use average linkage',
      kind: 'usage',
    });
  }
  const [n] = tableShape(x, 'the table');
  signal?.throwIfAborted();
  return scope(() =>
    noGrad(() => {
      if (neighbours !== undefined || n > ALL_PAIRS_LIMIT) {
        return graphLinkage(x, {
          linkage,
          metric,
          neighbours: Math.min(neighbours ?? GRAPH_NEIGHBOURS, n - 1),
          signal,
        });
      }
      const distances = condensedDistances(x, metric, linkage === 'ward');
      const merges = inOrder(linkage === 'single' ? singleLinkage(distances) : chainLinkage(distances, linkage));
      return linkage === 'ward' ? { ...merges, heights: merges.heights.map((h) => Math.sqrt(Math.max(h, 0))) } : merges;
    }),
  );
}

/**
 * The partition after the first n - k merges, clusters numbered in the order of their first rows.
 * @returns int64 [n]
 * @throws MusterError cluster.k where k is not in 1..n
 */
export function cutHierarchy({ first, second }: Merges, k: number): Tensor {
  const n = first.length + 1;
  if (!Number.isInteger(k) || k < 1 || k > n) {
    throw new MusterError('cluster.k', `${k} groups of ${n} rows`, { fix: `ask for 1 to ${n} groups` });
  }
  const sets = new DisjointSets(n);
  for (let t = 0; t < n - k; t++) sets.join(first[t] ?? 0, second[t] ?? 0);
  return tensor(BigInt64Array.from(sets.labels(), BigInt));
}

/** Bottom-up clustering into k groups: {@link hierarchy}, cut. @returns int64 [n] */
export function agglomerative(x: Tensor, k: number, options: HierarchyOptions = {}): Tensor {
  const [n] = tableShape(x, 'the table');
  if (k > n) throw new MusterError('cluster.k', `${k} groups of ${n} rows`, { fix: `ask for 1 to ${n} groups` });
  return cutHierarchy(hierarchy(x, options), k);
}
