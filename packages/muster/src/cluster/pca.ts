import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { copyRows } from './nearest-centre.ts';
import { axesByEigen, axesBySubspace, centredRows } from './principal-axes.ts';
import type { CentredRows } from './principal-axes.ts';
import { forBlocks, refuseNonFinite, tableShape } from './rows.ts';

/**
 * How the axes are found. `exact`: eigenvectors of the covariance, or of the rows' inner products where rows are fewer
 * than columns. `subspace`: block iteration from random directions, for tables that are long and wide. `auto`: exact up
 * to 2,048 rows or columns, and where a large part of all axes is wanted.
 */
export type PcaSolver = 'auto' | 'exact' | 'subspace';

/** Settings of {@link pca}. */
export interface PcaOptions {
  /** Number of components. */
  readonly k: number;
  /** Divides the scores by the standard deviation of their component. Default false. */
  readonly whiten?: boolean;
  /** Default auto. */
  readonly solver?: PcaSolver;
  /** First directions of `subspace`; without it a fixed seed. */
  readonly generator?: Generator;
  /** Ends the search between two blocks of rows. */
  readonly signal?: AbortSignal;
}

/** Principal axes of a table. All float64. */
export interface PrincipalAxes {
  /** [d], the mean row. */
  readonly mean: Tensor;
  /** [k, d], rows of unit length, the largest variance first; the largest entry of each (in size) is positive. */
  readonly components: Tensor;
  /** [k], variance along each component, divisor n - 1. */
  readonly variance: Tensor;
  /** [k], share of the total variance. */
  readonly ratio: Tensor;
}

/** Axes, and the rows in their coordinates. */
export interface Pca extends PrincipalAxes {
  /** [n, k], float64 for float64 and small tables, else float32. */
  readonly scores: Tensor;
  /** What found the axes. */
  readonly solver: 'exact' | 'subspace';
}

/** Up to this many rows or columns, whichever are fewer, the eigenvectors are found directly. */
const EXACT_SIDE = 2048;
/** No larger square matrix is made, even on request. */
const LARGEST_SIDE = 20_000;
/** The iteration serves for at most this share of all axes. */
const SUBSPACE_SHARE = 1 / 8;
/** Components whose share of the variance is below this are rounding: whitened, they score zero. */
const NO_VARIANCE = 1e-14;

/**
 * Principal components of the centred rows. Memory beside x is of the order of min(n, d)^2 or k (n + d).
 * Source: Pearson, Philosophical Magazine 2 (1901); block iteration: Halko, Martinsson and Tropp, SIAM Review 53 (2011).
 * @param x [n, d], any floating type, n at least 2
 * @throws MusterError cluster.k where k is not in 1..min(n, d); cluster.pca where an exact solution would need a matrix
 *   of more than 20,000 x 20,000; cluster.rows, cluster.nan
 */
export function pca(x: Tensor, options: PcaOptions): Pca {
  return scope(() =>
    torch.noGrad(() => {
      const { k, whiten = false } = options;
      const [n, d] = tableShape(x, 'the table');
      const most = n < 2 ? 0 : Math.min(n, d);
      if (!Number.isInteger(k) || k < 1 || k > most) {
        throw new MusterError('cluster.k', `${k} components of ${n} rows of ${d} columns`, {
          fix: most === 0 ? 'pass at least two rows' : `ask for 1 to ${most} components`,
        });
      }
      refuseNonFinite(x, 'the table', copyRows(d));
      const solver = chooseSolver(options.solver ?? 'auto', k, most);
      const rows = centredRows(x, options.signal);
      const { components, squares, total } =
        solver === 'exact' ? axesByEigen(rows, k) : axesBySubspace(rows, k, options.generator);
      const variance = squares.div(n - 1);
      const ratio = total > 0 ? squares.div(total) : torch.zerosLike(squares);
      const axes = { mean: rows.mean, components: fixSigns(components), variance, ratio };
      return { ...axes, scores: scoresOf(rows, axes, whiten), solver };
    }),
  );
}

/**
 * Rows in the coordinates of axes found before.
 * @param x [n, d], any floating type
 * @returns [n, k], float64 for float64 and small tables, else float32
 * @throws MusterError cluster.rows where the rows have another number of columns than the axes
 */
export function principalScores(x: Tensor, axes: PrincipalAxes, { whiten = false } = {}): Tensor {
  const [, d] = tableShape(x, 'the table');
  const [, width] = tableShape(axes.components, 'the components');
  if (d !== width) throw new MusterError('cluster.rows', `the rows have ${d} columns, the components ${width}`);
  return scope(() => torch.noGrad(() => scoresOf(centredRows(x, undefined, axes.mean), axes, whiten)));
}

function chooseSolver(wanted: PcaSolver, k: number, side: number): 'exact' | 'subspace' {
  if (wanted === 'subspace') return wanted;
  const suits = side > EXACT_SIDE && k <= SUBSPACE_SHARE * side;
  if (wanted === 'auto' && suits) return 'subspace';
  if (side > LARGEST_SIDE) {
    throw new MusterError('cluster.pca', `${k} components would need a matrix of ${side} x ${side}`, {
      fix: `ask for at most ${Math.floor(SUBSPACE_SHARE * side)} components`,
    });
  }
  return 'exact';
}

/** Turns every axis so that its largest entry in size is positive: the same table gives the same signs. */
function fixSigns(components: Tensor): Tensor {
  const largest = components.gather(1, components.abs().argmax(1, true));
  return components.mul(torch.where(largest.lt(0), -1, 1).to('float64'));
}

function scoresOf(rows: CentredRows, { components, variance, ratio }: PrincipalAxes, whiten: boolean): Tensor {
  const scale = torch.where(ratio.gt(NO_VARIANCE), variance.rsqrt(), 0).unsqueeze(1);
  const directions = (whiten ? components.mul(scale) : components).to(rows.dtype).t();
  const scores = torch.empty([rows.n, components.shape[0] ?? 0], { dtype: rows.dtype, device: rows.mean.device });
  forBlocks(rows.n, rows.blockRows, (start, length) => {
    scores.narrow(0, start, length).copy_(rows.block(start, length).mm(directions));
  });
  return scores;
}
