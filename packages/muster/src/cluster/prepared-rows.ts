import type { Tensor } from '@muster/torch';
import { DOUBLE_LIMIT, offsetOf, refuseNonFinite, rowNorms, tableShape } from './rows.ts';
import type { KMeansMetric, PreparedRows } from './nearest-centre.ts';

/**
 * Checks rows and brings them into the form that k-means works on, without a copy where float32 is exact enough.
 * @throws MusterError cluster.rows, cluster.nan
 */
export function prepareRows(x: Tensor, metric: KMeansMetric): PreparedRows {
  const [n, d] = tableShape(x, 'the table');
  refuseNonFinite(x, 'the table', n);
  const typed = x.numel <= DOUBLE_LIMIT ? x.to('float64') : x.dtype === 'float64' ? x : x.to('float32');
  if (metric === 'spherical') {
    const weights = rowNorms(typed, n).reciprocal();
    return { x: typed, n, d, metric, weights, offset: null };
  }
  const offset = typed.dtype === 'float64' ? null : offsetOf(typed);
  const rows = offset === null ? typed : typed.sub(offset.to(typed.dtype));
  // What was taken away is the rounded offset: exactly that comes back in the end.
  return { x: rows, n, d, metric, weights: null, offset: offset?.to(typed.dtype).to('float64') ?? null };
}
