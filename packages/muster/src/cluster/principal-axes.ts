import { generator, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import { copyRows } from './nearest-centre.ts';
import { DOUBLE_LIMIT, forBlocks, tableShape } from './rows.ts';

/** A table seen around its mean, a block at a time. */
export interface CentredRows {
  readonly n: number;
  readonly d: number;
  /** float64 [d] */
  readonly mean: Tensor;
  /** The type that blocks are in: float64 for float64 and small tables, else float32. */
  readonly dtype: 'float32' | 'float64';
  /** Rows of a block. */
  readonly blockRows: number;
  /** [length, d], rows from `start` on less the mean. */
  block(start: number, length: number): Tensor;
}

/** Axes before they are given signs. */
export interface RawAxes {
  /** float64 [k, d], orthonormal rows, the largest first. */
  readonly components: Tensor;
  /** float64 [k], sum of the squares of the rows along each. */
  readonly squares: Tensor;
  /** Sum of the squares of all entries. */
  readonly total: number;
}

/** Directions followed beyond those asked for, so that these are accurate. */
const EXTRA = 10;
/** Rounds at most, and the relative change of the sums of squares at which the iteration ends. */
const MAX_ROUNDS = 60;
const TOLERANCE = 1e-7;
const FIXED_SEED = 0x9ca;

/** Prepares a table; the mean is summed in float64 unless it is given. */
export function centredRows(x: Tensor, signal: AbortSignal | undefined, given?: Tensor): CentredRows {
  const [n, d] = tableShape(x, 'the table');
  const blockRows = copyRows(d);
  const dtype = x.dtype === 'float64' || x.numel <= DOUBLE_LIMIT ? 'float64' : 'float32';
  const mean = given ?? columnSums(x, blockRows).div(n);
  const offset = mean.to(dtype);
  return {
    n,
    d,
    mean,
    dtype,
    blockRows,
    block(start, length) {
      signal?.throwIfAborted();
      return x.narrow(0, start, length).to(dtype).sub(offset);
    },
  };
}

function columnSums(x: Tensor, blockRows: number): Tensor {
  const [n, d] = tableShape(x, 'the table');
  const sums = torch.zeros([d], { dtype: 'float64', device: x.device });
  forBlocks(n, blockRows, (start, length) => {
    sums.add_(x.narrow(0, start, length).sum([0], false, { dtype: 'float64' }));
  });
  return sums;
}

/** Axes from the eigenvectors of X'X, or of XX' where that is the smaller. */
export function axesByEigen(rows: CentredRows, k: number): RawAxes {
  return rows.d <= rows.n ? axesByCovariance(rows, k) : axesByGram(rows, k);
}

function axesByCovariance(rows: CentredRows, k: number): RawAxes {
  const scatter = torch.zeros([rows.d, rows.d], { dtype: 'float64', device: rows.mean.device });
  forBlocks(rows.n, rows.blockRows, (start, length) => {
    const block = rows.block(start, length);
    scatter.add_(block.t().mm(block));
  });
  const { vectors, squares } = leading(scatter, k);
  return { components: vectors.t().contiguous(), squares, total: scatter.trace().item() };
}

function axesByGram(rows: CentredRows, k: number): RawAxes {
  const gram = torch.empty([rows.n, rows.n], { dtype: 'float64', device: rows.mean.device });
  forBlocks(rows.n, rows.blockRows, (start, length) => {
    const block = rows.block(start, length);
    forBlocks(start + length, rows.blockRows, (other, width) => {
      const products = block.mm(rows.block(other, width).t());
      gram.narrow(0, start, length).narrow(1, other, width).copy_(products);
      gram.narrow(0, other, width).narrow(1, start, length).copy_(products.t());
    });
  });
  const { vectors, squares } = leading(gram, k);
  const directions = torch.zeros([rows.d, k], { dtype: 'float64', device: rows.mean.device });
  forBlocks(rows.n, rows.blockRows, (start, length) => {
    directions.add_(
      rows
        .block(start, length)
        .to('float64')
        .t()
        .mm(vectors.narrow(0, start, length)),
    );
  });
  // Directions without length come out as some orthonormal completion.
  const [orthonormal] = torch.linalgQr(directions.div(squares.sqrt().clampMin(1e-150)));
  return { components: orthonormal.t().contiguous(), squares, total: gram.trace().item() };
}

/** Eigenvectors [m, k] of the k largest eigenvalues, largest first, and these values, none below zero. */
function leading(symmetric: Tensor, k: number): { vectors: Tensor; squares: Tensor } {
  const [values, vectors] = torch.linalgEigh(symmetric);
  const from = values.numel - k;
  return {
    vectors: vectors.narrow(1, from, k).flip([1]),
    squares: values.narrow(0, from, k).flip([0]).clampMin(0),
  };
}

/**
 * Axes by block iteration: random directions multiplied by X'X and made orthonormal again, until the sums of squares
 * along the first k stand still.
 */
export function axesBySubspace(rows: CentredRows, k: number, random: Generator | undefined): RawAxes {
  const width = Math.min(k + Math.max(EXTRA, k >> 1), rows.n, rows.d);
  const seeded = random ?? generator(FIXED_SEED);
  let span = torch.randn([rows.d, width], { generator: seeded, dtype: 'float64' }).to({ device: rows.mean.device });
  if (random === undefined) seeded.dispose();
  let before: Tensor | undefined;
  for (let round = 1; ; round++) {
    const next = scope(() => {
      const [basis] = torch.linalgQr(span);
      const image = timesScatter(rows, basis);
      return { image, basis, ...leading(basis.t().mm(image), k) };
    });
    const limit = next.squares.mul(TOLERANCE).add(next.squares.select(0, 0).mul(TOLERANCE * TOLERANCE));
    const still = before !== undefined && next.squares.sub(before).abs().le(limit).all().item() === 1;
    if (still || round === MAX_ROUNDS) {
      const components = next.basis.mm(next.vectors).t().contiguous();
      return { components, squares: next.squares, total: totalSquares(rows) };
    }
    span.dispose();
    next.basis.dispose();
    next.vectors.dispose();
    [span, before] = [next.image, next.squares];
  }
}

/** X'X times some directions, a block of rows at a time: float64 [d, w]. */
function timesScatter(rows: CentredRows, directions: Tensor): Tensor {
  const narrow = directions.to(rows.dtype);
  const image = torch.zeros([rows.d, directions.shape[1] ?? 0], { dtype: 'float64', device: rows.mean.device });
  forBlocks(rows.n, rows.blockRows, (start, length) => {
    const block = rows.block(start, length);
    image.add_(block.t().mm(block.mm(narrow)));
  });
  return image;
}

function totalSquares(rows: CentredRows): number {
  let total = 0;
  forBlocks(rows.n, rows.blockRows, (start, length) => {
    total += rows.block(start, length).square_().sum([], false, { dtype: 'float64' }).item();
  });
  return total;
}
