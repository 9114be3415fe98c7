import { noGrad, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { agglomerative } from './agglomerative.ts';
import { FeatureTree } from './birch-tree.ts';
import { assignRows } from './nearest-centre.ts';
import { nearestNeighbours } from './neighbours.ts';
import { prepareRows } from './prepared-rows.ts';
import { forBlocks, refuseNonFinite, tableShape } from './rows.ts';

/** Settings of {@link birch}. */
export interface BirchOptions {
  /** Number of clusters. */
  readonly k: number;
  /** Largest radius of a subcluster. Default: half the median distance of a row to its nearest in a sample of 1,000. */
  readonly threshold?: number;
  /** Entries of a node of the tree. Default 50. */
  readonly branching?: number;
  /** Ends the search between two blocks of rows. */
  readonly signal?: AbortSignal;
}

/** A partition by BIRCH. */
export interface BirchPartition {
  /** int64 [n], 0..groups-1 */
  readonly labels: Tensor;
  /** k, or the number of distinct rows where there are fewer. */
  readonly groups: number;
  /** float64 [m, d]: centroids of the subclusters. */
  readonly subclusters: Tensor;
  /** int64 [m]: the cluster of each subcluster. */
  readonly subclusterLabels: Tensor;
  /** The threshold used: halved as often as fewer than k subclusters came out. */
  readonly threshold: number;
}

const SAMPLE_ROWS = 1000;
const BLOCK_ROWS = 2048;
const HALVINGS = 40;

/**
 * BIRCH: one pass of the rows through a tree of subclusters, whose centroids are joined into k clusters by Ward's
 * linkage; every row takes the cluster of the nearest centroid. The result depends on the order of the rows.
 *
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.rows, cluster.nan, cluster.k
 * @source Zhang, Ramakrishnan and Livny, "BIRCH", SIGMOD 1996
 */
export function birch(x: Tensor, options: BirchOptions): BirchPartition {
  const { k, branching = 50, signal } = options;
  return scope(() =>
    noGrad(() => {
      const [n] = tableShape(x, 'the table');
      if (!Number.isInteger(k) || k < 1 || k > n) {
        throw new MusterError('cluster.k', `${k} groups of ${n} rows`, { fix: `ask for 1 to ${n} groups` });
      }
      refuseNonFinite(x, 'the table', BLOCK_ROWS);
      let threshold = options.threshold ?? sampleThreshold(x);
      let tree = buildTree(x, threshold, branching, signal);
      for (let halving = 0; tree.size < k && threshold > 0 && halving < HALVINGS; halving++) {
        // The last try takes only equal rows together.
        threshold = halving === HALVINGS - 1 ? 0 : threshold / 2;
        tree = buildTree(x, threshold, branching, signal);
      }
      const subclusters = centroidsOf(tree, x.shape[1] ?? 0);
      const groups = Math.min(k, tree.size);
      const subclusterLabels = agglomerative(subclusters, groups, { linkage: 'ward', signal });
      const labels = subclusterLabels.indexSelect(0, nearestCentroids(x, subclusters));
      return { labels, groups, subclusters, subclusterLabels, threshold };
    }),
  );
}

function buildTree(x: Tensor, threshold: number, branching: number, signal: AbortSignal | undefined): FeatureTree {
  const [n, d] = tableShape(x, 'the table');
  const tree = new FeatureTree(threshold, branching);
  forBlocks(n, BLOCK_ROWS, (start, length) => {
    signal?.throwIfAborted();
    const rows = x.narrow(0, start, length).toFloat64Array();
    for (let r = 0; r < length; r++) tree.add(rows.subarray(r * d, (r + 1) * d));
  });
  return tree;
}

function sampleThreshold(x: Tensor): number {
  return scope(() => {
    const n = x.shape[0] ?? 0;
    if (n < 2) return 0;
    const sample = x.slice(0, 0, undefined, Math.max(1, Math.floor(n / SAMPLE_ROWS))).contiguous();
    return nearestNeighbours(sample, { k: 1, metric: 'euclidean' }).values.median().item() / 2;
  });
}

function centroidsOf(tree: FeatureTree, d: number): Tensor {
  const leaves = tree.leaves();
  const values = new Float64Array(leaves.length * d);
  leaves.forEach(({ sum, count }, m) => sum.forEach((value, c) => (values[m * d + c] = value / count)));
  return tensor(values, [leaves.length, d]);
}

function nearestCentroids(x: Tensor, centroids: Tensor): Tensor {
  const rows = prepareRows(x, 'euclidean');
  return assignRows(rows, rows.offset === null ? centroids : centroids.sub(rows.offset), true);
}
