import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { products } from './products.ts';
import { DOUBLE_LIMIT, offsetOf, refuseNonFinite, rowNorms, rowSquares, tableShape } from './rows.ts';

/** How rows are compared: inner product, cosine, or Euclidean distance. */
export type NeighbourMetric = 'ip' | 'cosine' | 'euclidean';

/** A table that is searched or asks. Larger scores are nearer; scores are symmetric in the two tables. */
export interface NeighbourRows {
  /** [n, d] */
  readonly x: Tensor;
  readonly n: number;
  readonly d: number;
  /** Minus half the squared length of each row, [n], where distances are compared, else null. */
  readonly halfSquares: Tensor | null;
  /** Rows `start`, ... as they go into products. */
  block(start: number, length: number): Tensor;
  /** [rows, columns]: inner products, cosines, or minus half the squared distances. */
  score(rows: Tensor, row: number, columns: Tensor, column: number, base: NeighbourRows): Tensor;
  /** The rows at these indices as a table of their own. */
  pick(indices: Tensor): NeighbourRows;
}

/** The asking table and the searched one: the same where rows ask among themselves. */
export interface NeighbourTables {
  readonly metric: NeighbourMetric;
  readonly query: NeighbourRows;
  readonly base: NeighbourRows;
}

const CHECK_ROWS = 4096;

/**
 * Checks both tables and brings them to one type, near the origin where distances are compared.
 * @throws MusterError cluster.rows, cluster.nan
 */
export function prepareNeighbours(x: Tensor, query: Tensor | undefined, metric: NeighbourMetric): NeighbourTables {
  const [, d] = tableShape(x, 'the table');
  refuseNonFinite(x, 'the table', CHECK_ROWS);
  if (query !== undefined) {
    const [, width] = tableShape(query, 'the query');
    if (width !== d) throw new MusterError('cluster.rows', `the query has ${width} columns, the table ${d}`);
    refuseNonFinite(query, 'the query', CHECK_ROWS);
  }
  const small = Math.max(x.numel, query?.numel ?? 0) <= DOUBLE_LIMIT;
  const dtype = small || x.dtype === 'float64' || query?.dtype === 'float64' ? 'float64' : 'float32';
  const typed = x.to(dtype);
  const offset = metric === 'euclidean' && dtype === 'float32' ? offsetOf(typed)?.to(dtype) : undefined;
  const prepare = (rows: Tensor): NeighbourRows =>
    neighbourRows(offset === undefined ? rows : rows.sub(offset), metric);
  const base = prepare(typed);
  return { metric, base, query: query === undefined ? base : prepare(query.to(dtype)) };
}

function neighbourRows(x: Tensor, metric: NeighbourMetric): NeighbourRows {
  const [n, d] = tableShape(x, 'the table');
  const inverse = metric === 'cosine' ? rowNorms(x, CHECK_ROWS).reciprocal().unsqueeze(1) : null;
  const halfSquares = metric === 'euclidean' ? rowSquares(x, CHECK_ROWS).mul(-0.5) : null;
  return {
    x,
    n,
    d,
    halfSquares,
    block(start, length) {
      const rows = x.narrow(0, start, length);
      return inverse === null ? rows : rows.mul(inverse.narrow(0, start, length));
    },
    score(rows, row, columns, column, base) {
      const [m = 0] = rows.shape;
      const [length = 0] = columns.shape;
      const bias = base.halfSquares?.narrow(0, column, length) ?? null;
      const scores = products(rows, columns, bias);
      return halfSquares === null ? scores : scores.add_(halfSquares.narrow(0, row, m).unsqueeze(1));
    },
    pick: (indices) => neighbourRows(x.indexSelect(0, indices), metric),
  };
}
