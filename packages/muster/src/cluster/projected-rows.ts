import type { Tensor } from '@muster/torch';
import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { PreparedRows } from './nearest-centre.ts';
import { scoreRows } from './nearest-centre.ts';
import { products } from './products.ts';
import { forBlocks } from './rows.ts';

/**
 * Rows seen through a few directions that hold most of their length. With V the directions (orthonormal) and e the rest
 * of a vector, x.c = (Vx).(Vc) + e_x.e_c, and the last term is at most |e_x| |e_c| (Cauchy and Schwarz). So a score can
 * be bounded from r products instead of d, and a row whose own centre wins by these bounds keeps its label for sure.
 */
export interface ProjectedRows {
  /** [r, d], orthonormal rows. */
  readonly basis: Tensor;
  /** [n, r + 1]: Vx and, last, |e_x|. */
  readonly coordinates: Tensor;
  /** [n]: what rounding may add to a difference of two scores, for centres of length 1. */
  readonly slack: Tensor;
}

/** Rows looked at to choose the directions, and to see how many rows they leave unsure. */
const SAMPLE_ROWS = 1024;
/** Numbers of directions tried, and how many more are followed so that those are accurate. */
const RANKS: readonly number[] = [32, 64, 128, 256];
const EXTRA = 16;
/** Rounds over which the projection is expected to pay. */
const EXPECTED_ROUNDS = 10;
/** Columns that a product costs at least. */
const LEAST_COLUMNS = 16;
/** The projection is made where it is expected to cost at most this share of the full products. */
const WORTHWHILE = 0.75;
/** Bound on the relative rounding of float32 inner products of a few thousand terms. */
const ROUNDING = 4e-6;
/** Tables smaller than this are not worth the choice. */
const LEAST_ROWS = 8192;
const LEAST_WIDTH = 96;

/**
 * Chooses directions and projects all rows on them; null where the full products are expected to be as cheap.
 * @param centres float64 [k, d], @param labels int64 [n], the present ones
 */
export function projectRows(rows: PreparedRows, centres: Tensor, labels: Tensor): ProjectedRows | null {
  if (rows.x.dtype !== 'float32' || rows.n < LEAST_ROWS || rows.d < LEAST_WIDTH) return null;
  return scope(() => {
    const step = Math.floor(rows.n / SAMPLE_ROWS);
    const sample = rows.x.slice(0, 0, step * SAMPLE_ROWS, step).contiguous();
    const own = labels.slice(0, 0, step * SAMPLE_ROWS, step);
    const directions = leadingDirections(sample, Math.min(Math.max(...RANKS), rows.d >> 2));
    const width = Math.max(centres.shape[0] ?? 0, LEAST_COLUMNS);
    let cheapest = WORTHWHILE * rows.d * width;
    let chosen: Tensor | undefined;
    for (const rank of RANKS) {
      if (rank > (directions.shape[0] ?? 0)) break;
      const basis = directions.narrow(0, 0, rank);
      const unsure = unsureRows(project(sample, basis), rows, centres, own).numel / SAMPLE_ROWS;
      const cost = (rank + unsure * rows.d) * width + (rows.d * rank) / EXPECTED_ROUNDS;
      if (cost < cheapest) [cheapest, chosen] = [cost, basis];
    }
    return chosen === undefined ? null : project(rows.x, chosen);
  });
}

/** Leading right singular directions of a table, largest first, by subspace iteration: [r, d]. */
function leadingDirections(x: Tensor, rank: number): Tensor {
  let span = x.narrow(0, 0, Math.min(rank + EXTRA, SAMPLE_ROWS)).t();
  for (let iteration = 0; iteration < 2; iteration++) {
    const [orthonormal] = torch.linalgQr(span);
    span = x.t().mm(x.mm(orthonormal));
  }
  const [orthonormal] = torch.linalgQr(span);
  const inside = x.mm(orthonormal);
  const [, vectors] = torch.linalgEigh(inside.t().mm(inside));
  return orthonormal
    .mm(vectors.flip([1]).narrow(1, 0, rank))
    .t()
    .contiguous();
}

function project(x: Tensor, basis: Tensor): ProjectedRows {
  const [n = 0] = x.shape;
  const [rank = 0] = basis.shape;
  const coordinates = torch.empty([n, rank + 1], { dtype: 'float32', device: x.device });
  const slack = torch.empty([n], { dtype: 'float32', device: x.device });
  forBlocks(n, scoreRows(rank), (start, length) => {
    const block = x.narrow(0, start, length);
    const inside = products(block, basis);
    const squares = torch.linalgVectorNorm(block, 2, [1]).square_();
    const rest = squares.sub(torch.linalgVectorNorm(inside, 2, [1]).square_()).clampMin_(0);
    // The difference of two rounded squares: never less than the truth.
    rest.add_(squares, { alpha: ROUNDING }).sqrt_();
    coordinates.narrow(0, start, length).narrow(1, 0, rank).copy_(inside);
    coordinates.narrow(0, start, length).select(1, rank).copy_(rest);
    slack.narrow(0, start, length).copy_(squares.sqrt_().mul_(2 * ROUNDING));
  });
  return { basis, coordinates, slack };
}

/**
 * The rows whose present centre does not win for sure.
 * @param centres float64 [k, d], @param labels int64 [n]
 * @returns int64, ascending
 */
export function unsureRows(projected: ProjectedRows, rows: PreparedRows, centres: Tensor, labels: Tensor): Tensor {
  const { basis, coordinates, slack } = projected;
  const [n = 0] = coordinates.shape;
  const wide = basis.to('float64');
  const inside = centres.mm(wide.t());
  const outside = centres.sub(inside.mm(wide));
  // A part that all centres share changes no order.
  const rest = torch.linalgVectorNorm(outside.sub(outside.mean([0])), 2, [1]);
  const squares = centres.mul(centres).sum([1]);
  const bias = rows.metric === 'spherical' ? null : squares.mul(-0.5).to('float32');
  const upper = torch.cat([inside, rest.unsqueeze(1)], 1).to('float32');
  const spread = rest.mul(2).to('float32');
  const longest = Math.sqrt(squares.max().item());
  const unsure = torch.empty([n], { dtype: 'bool', device: coordinates.device });
  forBlocks(n, scoreRows(centres.shape[0] ?? 1), (start, length) => {
    const block = coordinates.narrow(0, start, length);
    const own = labels.narrow(0, start, length).unsqueeze(1);
    const bounds = products(block, upper, bias);
    const least = bounds.gather(1, own).squeeze(1);
    least.sub_(block.select(1, -1).mul(spread.indexSelect(0, own.squeeze(1))));
    least.sub_(slack.narrow(0, start, length), { alpha: longest });
    bounds.scatter_(1, own, -Infinity);
    unsure.narrow(0, start, length).copy_(least.le(bounds.amax([1])));
  });
  return unsure.nonzero().squeeze(1);
}
