import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { copyRows } from './nearest-centre.ts';
import type { KMeansMetric, PreparedRows } from './nearest-centre.ts';
import { DOUBLE_LIMIT, offsetOf, refuseNonFinite, rowNorms, tableShape } from './rows.ts';

/** A table too large to copy, such as one mapped from a file: its rows are prepared for k-means part by part. */
export interface StreamedRows {
  readonly n: number;
  readonly d: number;
  readonly metric: KMeansMetric;
  readonly device: Tensor['device'];
  /** float64 [d]: what is taken from every row, or null. */
  readonly offset: Tensor | null;
  /** The rows from `start` on; not copied where they can be used as they are. */
  range(start: number, length: number): PreparedRows;
  /** Copies of the rows at these indices. @param indices int64 [m] */
  pick(indices: Tensor): PreparedRows;
}

/**
 * Checks a table in one pass and readies it for reading by parts.
 * @param x [n, d], any floating type; half precision is widened part by part
 * @throws MusterError cluster.rows, cluster.nan
 */
export function streamRows(x: Tensor, metric: KMeansMetric): StreamedRows {
  const [n, d] = tableShape(x, 'the table');
  refuseNonFinite(x, 'the table', copyRows(d));
  const dtype = x.dtype === 'float64' || x.numel <= DOUBLE_LIMIT ? 'float64' : 'float32';
  const near = metric === 'spherical' || dtype === 'float64' ? null : (offsetOf(x)?.to(dtype) ?? null);
  const offset = near?.to('float64') ?? null;
  const prepare = (part: Tensor): PreparedRows => {
    const typed = part.to(dtype);
    const rows = near === null ? typed : typed.sub(near);
    const weights = metric === 'spherical' ? rowNorms(rows, rows.shape[0] ?? 0).reciprocal() : null;
    return { x: rows, n: rows.shape[0] ?? 0, d, metric, weights, offset };
  };
  return {
    n,
    d,
    metric,
    device: x.device,
    offset,
    range: (start, length) => prepare(x.narrow(0, start, length)),
    pick: (indices) => prepare(x.indexSelect(0, indices)),
  };
}

/** Every `step`-th of the rows, copied. */
export function thinned(rows: PreparedRows, step: number): PreparedRows {
  if (step <= 1) return rows;
  const x = rows.x.slice(0, 0, undefined, step).contiguous();
  const weights = rows.weights?.slice(0, 0, undefined, step).contiguous() ?? null;
  return { ...rows, x, n: x.shape[0] ?? 0, weights };
}

/**
 * A random order of a table's rows that reads them in runs, as a mapped file wants: indices of each batch in turn.
 * @param order int64 [runs], a permutation
 * @returns int64, the rows of the runs at `order[first..first + count)`
 */
export function runIndices(order: Tensor, first: number, count: number, run: number, n: number): Tensor {
  const starts = order
    .narrow(0, first, Math.min(count, order.numel - first))
    .mul(run)
    .unsqueeze(1);
  const indices = starts.add(torch.arange(0, run, { dtype: 'int64', device: order.device })).view([-1]);
  return indices.maskedSelect(indices.lt(n));
}
