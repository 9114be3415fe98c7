import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { products } from './products.ts';
import { forBlocks } from './rows.ts';

/** How k-means compares rows: by squared Euclidean distance, or by direction. */
export type KMeansMetric = 'euclidean' | 'spherical';

/** Rows ready for k-means. */
export interface PreparedRows {
  /** [n, d], float32 or float64. */
  readonly x: Tensor;
  readonly n: number;
  readonly d: number;
  readonly metric: KMeansMetric;
  /** [n] in x's type: one over the length of each row where directions are compared, else null. */
  readonly weights: Tensor | null;
  /** float64 [d]: what was taken from every row, or null. */
  readonly offset: Tensor | null;
}

/** Scores held at a time: few large blocks, since every operator waits for all its threads. */
const BLOCK_SCORES = 1 << 22;
/** Entries of rows copied at a time. */
const BLOCK_ENTRIES = 1 << 22;

/** Rows whose scores against k centres are held at a time. */
export function scoreRows(k: number): number {
  return Math.max(1024, Math.floor(BLOCK_SCORES / k));
}

/** Rows of d entries that are copied at a time. */
export function copyRows(d: number): number {
  return Math.max(1, Math.floor(BLOCK_ENTRIES / d));
}

/**
 * The nearest centre of every row, of equally near ones the first.
 * @param centres float64 [k, d]
 * @param mayTie whether some centres may be equal to the last bit, as first centres and moved ones can be
 * @returns int64 [n]
 */
export function assignRows(rows: PreparedRows, centres: Tensor, mayTie: boolean): Tensor {
  const labels = torch.empty([rows.n], { dtype: 'int64', device: rows.x.device });
  const nearest = nearestOf(rows, centres);
  forBlocks(rows.n, scoreRows(centres.shape[0] ?? 1), (start, length) => {
    labels.narrow(0, start, length).copy_(nearest(rows.x.narrow(0, start, length)));
  });
  return mayTie ? toFirstEqual(labels, centres) : labels;
}

/**
 * {@link assignRows} where the labels of some rows only are in doubt.
 * @param labels int64 [n], right for all other rows
 * @param doubtful int64, the rows to assign again
 */
export function assignAgain(rows: PreparedRows, centres: Tensor, labels: Tensor, doubtful: Tensor): Tensor {
  const assigned = labels.clone();
  const nearest = nearestOf(rows, centres);
  forBlocks(doubtful.numel, copyRows(rows.d), (start, length) => {
    const indices = doubtful.narrow(0, start, length);
    assigned.indexCopy_(0, indices, nearest(rows.x.indexSelect(0, indices)));
  });
  return assigned;
}

function nearestOf(rows: PreparedRows, centres: Tensor): (block: Tensor) => Tensor {
  const narrow = centres.to(rows.x.dtype);
  const bias = rows.metric === 'spherical' ? null : centres.mul(centres).sum([1]).mul(-0.5).to(rows.x.dtype);
  return (block) => products(block, narrow, bias).argmax(1);
}

/** Equal centres can differ by a rounding in the products, depending on where in the table they stand. */
function toFirstEqual(labels: Tensor, centres: Tensor): Tensor {
  return firstEqual(centres).to({ device: labels.device }).indexSelect(0, labels);
}

/** int64 [k]: for each centre the first one that equals it. */
function firstEqual(centres: Tensor): Tensor {
  const [k = 0, d = 0] = centres.shape;
  const values = centres.toFloat64Array();
  const first = new Map<string, number>();
  const indices = BigInt64Array.from({ length: k }, (_, row) => {
    const key = values.subarray(row * d, (row + 1) * d).join(' ');
    const seen = first.get(key) ?? row;
    first.set(key, seen);
    return BigInt(seen);
  });
  return torch.tensor(indices);
}

/**
 * Squared distance of every row to its own centre (spherical: one minus the cosine), from the differences themselves.
 * @returns [n] in the rows' type
 */
export function ownDistances(rows: PreparedRows, centres: Tensor, labels: Tensor): Tensor {
  const distances = torch.empty([rows.n], { dtype: rows.x.dtype, device: rows.x.device });
  const narrow = centres.to(rows.x.dtype);
  forBlocks(rows.n, copyRows(rows.d), (start, length) => {
    const block = rows.x.narrow(0, start, length);
    const own = narrow.indexSelect(0, labels.narrow(0, start, length));
    const target = distances.narrow(0, start, length);
    if (rows.weights === null) target.copy_(block.sub(own).square_().sum([1]));
    else
      target.copy_(
        torch.rsub(
          block
            .mul(own)
            .sum([1])
            .mul_(rows.weights.narrow(0, start, length)),
          1,
        ),
      );
  });
  return distances;
}
