import type { Tensor } from '@muster/torch';
import { scope } from '@muster/torch';
import * as torch from '@muster/torch';

/** Rows summed in float32 before their sum goes on in float64: short, so that rounding stays that of a single row. */
const BAG_ROWS = 128;

/** The sums over the rows of every cluster, kept up to date from one labelling to the next. */
export interface CentreSums {
  /** float64 [k, d], sum of the rows (times their weights). */
  readonly sums: Tensor;
  /** float64 [k], number of rows. */
  readonly counts: Tensor;
}

/** Sums that start at zero. */
export function zeroSums(k: number, d: number, like: Tensor): CentreSums {
  const device = like.device;
  return {
    sums: torch.zeros([k, d], { dtype: 'float64', device }),
    counts: torch.zeros([k], { dtype: 'float64', device }),
  };
}

/**
 * Adds the rows at `rows` to the clusters of `labels`, or takes them away where `sign` is -1.
 * Rows are brought into the order of their clusters and summed in short runs by a gathering kernel, which reads each
 * row once at the speed of memory.
 * @param x [n, d]
 * @param labels int64 [m], the cluster of each of the rows
 * @param rows int64 [m], or null for all rows of x in order
 * @param weights [n] in x's type, a factor for each row of x, or null
 */
export function addRows(
  into: CentreSums,
  x: Tensor,
  labels: Tensor,
  rows: Tensor | null,
  weights: Tensor | null,
  sign: 1 | -1 = 1,
): void {
  if (labels.numel === 0) return;
  scope(() => {
    const k = into.counts.numel;
    const counts = torch.bincount(labels, undefined, k);
    const [, order] = labels.to('int32').sort({ stable: true });
    const indices = rows === null ? order : rows.indexSelect(0, order);
    const bags = bagsOf(counts.toNumbers());
    const offsets = torch.tensor(bags.offsets).to({ device: x.device });
    const clusters = torch.tensor(bags.clusters).to({ device: x.device });
    const factors = weights === null ? null : weights.indexSelect(0, indices);
    const [partial] = torch._embeddingBagForwardOnly(x, indices, offsets, false, 0, false, factors);
    into.sums.indexAdd_(0, clusters, partial.to('float64'), { alpha: sign });
    into.counts.add_(counts, { alpha: sign });
  });
}

/** Splits the run of each cluster into bags of at most BAG_ROWS rows. */
function bagsOf(counts: readonly number[]): { offsets: BigInt64Array; clusters: BigInt64Array } {
  const offsets: bigint[] = [];
  const clusters: bigint[] = [];
  let begin = 0;
  counts.forEach((count, cluster) => {
    for (let within = 0; within < count; within += BAG_ROWS) {
      offsets.push(BigInt(begin + within));
      clusters.push(BigInt(cluster));
    }
    begin += count;
  });
  return { offsets: BigInt64Array.from(offsets), clusters: BigInt64Array.from(clusters) };
}
