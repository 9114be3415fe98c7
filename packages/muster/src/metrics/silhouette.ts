import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { encodeLabels } from './labels.ts';
import type { Labels } from './labels.ts';
import { forBlocks, refuseNonFinite, rowDistances } from './row-distances.ts';
import type { RowDistances, RowMetric } from './row-distances.ts';

/** Settings of {@link silhouette}. */
export interface SilhouetteOptions {
  /** Default euclidean. */
  readonly metric?: RowMetric;
  /** Ends the work between two blocks. */
  readonly signal?: AbortSignal;
}

/** How well each row lies in its own cluster. */
export interface Silhouette {
  /** float64 [n], from -1 (nearer to another cluster) to 1; 0 for a row alone in its cluster. */
  readonly samples: Tensor;
  /** Their mean. */
  readonly score: number;
}

/** Rows and columns of distances held at a time. */
const BLOCK = 2048;

/**
 * Silhouette: with a the mean distance of a row to the others of its cluster and b the least mean distance to another
 * cluster, (b - a) / max(a, b); 0 where both are 0. All pairs are compared, in blocks; memory beside x (and one copy of
 * it) is of the order of n + 2,048 K.
 * Source: Rousseeuw, J. Computational and Applied Mathematics 20 (1987).
 * @param x [n, d], any floating type
 * @throws MusterError metrics.labels where labels are not n integers of at least two values; metrics.rows
 */
export function silhouette(x: Tensor, labels: Labels, options: SilhouetteOptions = {}): Silhouette {
  const { metric = 'euclidean', signal } = options;
  const { codes, values } = encodeLabels(labels);
  if (codes.length !== x.shape[0]) {
    throw new MusterError('metrics.labels', `${codes.length} labels for ${x.shape[0] ?? 0} rows`, {
      fix: 'pass one label a row',
    });
  }
  if (values.length < 2) {
    throw new MusterError('metrics.labels', 'a silhouette needs at least two clusters', { fix: 'ask for more groups' });
  }
  return scope(() =>
    torch.noGrad(() => {
      refuseNonFinite(x, 'the table');
      const [cluster, order] = torch.tensor(codes).sort({ stable: true });
      const sorted: Clusters = {
        k: values.length,
        cluster: cluster.to('int64').to({ device: x.device }),
        codes: codes.toSorted(),
        sizes: torch.bincount(cluster, undefined, values.length).to({ dtype: 'float64', device: x.device }),
      };
      const places = order.to({ device: x.device });
      const distances = rowDistances(x.indexSelect(0, places), metric);
      const samples = torch.empty([distances.n], { dtype: 'float64', device: x.device });
      forBlocks(distances.n, BLOCK, (start, length) => {
        const widths = widthsOf(sumsToClusters(distances, sorted, start, length, signal), sorted, start, length);
        samples.indexCopy_(0, places.narrow(0, start, length), widths);
      });
      return { samples, score: samples.mean().item() };
    }),
  );
}

/** Clusters of rows that were brought into the order of their clusters. */
interface Clusters {
  readonly k: number;
  /** int64 [n], ascending. */
  readonly cluster: Tensor;
  /** The same as an array. */
  readonly codes: Int32Array;
  /** float64 [k] */
  readonly sizes: Tensor;
}

/** float64 [length, k]: sum of the distances of the rows from `start` on to the members of each cluster. */
function sumsToClusters(
  distances: RowDistances,
  { k, cluster, codes }: Clusters,
  start: number,
  length: number,
  signal: AbortSignal | undefined,
): Tensor {
  const sums = torch.zeros([length, k], { dtype: 'float64', device: cluster.device });
  forBlocks(distances.n, BLOCK, (other, width) => {
    signal?.throwIfAborted();
    const block = distances.between(start, length, other, width);
    const first = codes[other] ?? 0;
    const present = (codes[other + width - 1] ?? 0) - first + 1;
    // Rows lie in the order of their clusters: a block holds few of them, and a product sums them all at once.
    const columns = torch.arange(first, first + present, { dtype: 'int64', device: cluster.device });
    const members = cluster.narrow(0, other, width).unsqueeze(1).eq(columns).to(block.dtype);
    sums.narrow(1, first, present).add_(block.mm(members));
  });
  return sums;
}

function widthsOf(sums: Tensor, { cluster, sizes }: Clusters, start: number, length: number): Tensor {
  const own = cluster.narrow(0, start, length).unsqueeze(1);
  const ownSize = sizes.indexSelect(0, own.squeeze(1));
  const within = sums.gather(1, own).squeeze(1).div(ownSize.sub(1).clampMin(1));
  const nearest = sums.div(sizes).scatter(1, own, Infinity).amin([1]);
  const larger = torch.maximum(within, nearest);
  const isDefined = ownSize.gt(1).logicalAnd(larger.gt(0));
  return torch.where(isDefined, nearest.sub(within).div(larger), 0);
}
