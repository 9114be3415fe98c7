import type { Tensor } from '@muster/torch';
import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { prepareNeighbours } from './neighbour-scores.ts';
import type { NeighbourMetric, NeighbourRows, NeighbourTables } from './neighbour-scores.ts';
import { offer, offerTransposed, settled, startTop, topOf } from './running-top.ts';
import type { RunningTop } from './running-top.ts';
import { forBlocks } from './rows.ts';

/** Settings of {@link nearestNeighbours}. */
export interface NeighbourOptions {
  /** Neighbours of each row. */
  readonly k: number;
  /** `ip` and `cosine`: largest first; `euclidean`: nearest first. Default cosine. */
  readonly metric?: NeighbourMetric;
  /** Rows that ask, [m, d]; by default the rows of x ask among themselves. */
  readonly query?: Tensor;
  /** Where rows ask among themselves: whether a row may be its own neighbour. Default false. */
  readonly includeSelf?: boolean;
  /** Ends the search between two blocks. */
  readonly signal?: AbortSignal;
}

/** The neighbours of each asking row, best first, ties by the lower index. */
export interface Neighbours {
  /** int64 [m, k] */
  readonly indices: Tensor;
  /** float64 [m, k]: inner product, cosine (0 for a row of zeros) or Euclidean distance. */
  readonly values: Tensor;
}

/** Rows and columns of scores held at a time. */
const BLOCK = 4096;
/** Up to this many scores, everything is done at once. */
const SMALL = 1 << 22;

/**
 * Exact nearest neighbours by blocks of scores: no table of all pairs is held, memory beside x is of the order of
 * m k and two blocks of 4,096 x 4,096. Where rows ask among themselves each product is computed once and serves both.
 * Small tables are compared in float64; in large float32 ones, scores closer than float32 rounding may change places.
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.k where k is not in 1..n (n - 1 without the row itself); cluster.rows, cluster.nan
 */
export function nearestNeighbours(x: Tensor, options: NeighbourOptions): Neighbours {
  const { k, metric = 'cosine', query, includeSelf = false, signal } = options;
  return scope(() =>
    torch.noGrad(() => {
      const tables = prepareNeighbours(x, query, metric);
      const own = query === undefined;
      const largest = tables.base.n - (own && !includeSelf ? 1 : 0);
      if (!Number.isInteger(k) || k < 1 || k > largest) {
        throw new MusterError('cluster.k', `${k} neighbours among ${largest} rows`, { fix: `ask for 1 to ${largest}` });
      }
      const search: Search = { ...tables, k, excludeSelf: own && !includeSelf, signal };
      const found = tables.query.n * tables.base.n <= SMALL ? searchAtOnce(search) : searchBlocks(search, own);
      return tables.metric === 'euclidean' ? byDistance(tables, found) : withDoubleValues(found);
    }),
  );
}

interface Search extends NeighbourTables {
  readonly k: number;
  readonly excludeSelf: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Found {
  readonly indices: Tensor;
  readonly values: Tensor;
}

function searchAtOnce(search: Search): Found {
  return topOf(scoresOf(search, 0, search.query.n, 0, search.base.n), search.k);
}

/** Scores of a block of asking rows against a block of the base; a row itself counts as infinitely far where excluded. */
function scoresOf(
  { query, base, excludeSelf }: Search,
  row: number,
  rows: number,
  column: number,
  columns: number,
): Tensor {
  const scores = query.score(query.block(row, rows), row, base.block(column, columns), column, base);
  if (excludeSelf && row === column) scores.diagonal().fill_(-Infinity);
  if (excludeSelf && row !== column && row < column + columns && column < row + rows) {
    scores.diagonal(row - column).fill_(-Infinity);
  }
  return scores;
}

function searchBlocks(search: Search, own: boolean): Found {
  const { query, base, k, signal } = search;
  const top = startTop(query.n, k, query.x);
  forBlocks(query.n, BLOCK, (row, rows) => {
    const asking = query.block(row, rows);
    forBlocks(own ? base.n - row : base.n, BLOCK, (ahead, columns) => {
      signal?.throwIfAborted();
      const column = own ? row + ahead : ahead;
      const scores = query.score(asking, row, base.block(column, columns), column, base);
      if (search.excludeSelf && row === column) scores.diagonal().fill_(-Infinity);
      offer(top, row, scores, column);
      if (own && row !== column) offerTransposed(top, column, scores, row);
    });
  });
  return resolveTies(search, top);
}

/** Orders what was found; rows where the last place is tied ask once more, so that the lower indices win. */
function resolveTies(search: Search, top: RunningTop): Found {
  const { found, tied } = settled(top, search.k);
  const rows = Math.max(1, Math.floor(SMALL / search.base.n));
  forBlocks(tied.numel, rows, (start, length) => {
    const asking = tied.narrow(0, start, length);
    const scores = scoresOfRows(search, asking);
    const again = topOf(scores, search.k);
    found.indices.indexCopy_(0, asking, again.indices);
    found.values.indexCopy_(0, asking, again.values);
  });
  return found;
}

function scoresOfRows({ query, base, excludeSelf }: Search, asking: Tensor): Tensor {
  const rows: NeighbourRows = query.pick(asking);
  const parts: Tensor[] = [];
  for (let column = 0; column < base.n; column += BLOCK) {
    const columns = Math.min(BLOCK, base.n - column);
    parts.push(rows.score(rows.block(0, rows.n), 0, base.block(column, columns), column, base));
  }
  const scores = torch.cat(parts, 1);
  return excludeSelf ? scores.scatter(1, asking.unsqueeze(1), -Infinity) : scores;
}

function withDoubleValues({ indices, values }: Found): Neighbours {
  return { indices, values: values.to('float64') };
}

/** Distances of the found pairs from their differences, which keeps the digits that products lose, in final order. */
function byDistance({ query, base }: NeighbourTables, { indices }: Found): Neighbours {
  const [m = 0, k = 0] = indices.shape;
  const values = torch.empty([m, k], { dtype: 'float64', device: indices.device });
  const ordered = torch.empty([m, k], { dtype: 'int64', device: indices.device });
  const ascending = indices.sort(1)[0];
  forBlocks(m, Math.max(1, Math.floor(SMALL / (k * base.d))), (start, length) => {
    const chosen = ascending.narrow(0, start, length);
    const near = base.x.indexSelect(0, chosen.reshape([-1])).view([length, k, base.d]);
    const difference = near.sub(query.x.narrow(0, start, length).unsqueeze(1));
    const distance = torch.linalgVectorNorm(difference, 2, [2]).to('float64');
    const [sorted, order] = distance.sort({ stable: true, dim: 1 });
    values.narrow(0, start, length).copy_(sorted);
    ordered.narrow(0, start, length).copy_(chosen.gather(1, order));
  });
  return { indices: ordered, values };
}
