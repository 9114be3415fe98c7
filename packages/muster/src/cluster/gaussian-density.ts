import type { DType, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';

/** Shape of the covariances: a variance for every column, or whole matrices. */
export type CovarianceKind = 'diag' | 'full';

/** A mixture of k Gaussians, everything float64. */
export interface MixtureParameters {
  /** [k], positive, sum 1. */
  readonly weights: Tensor;
  /** [k, d]. */
  readonly means: Tensor;
  /** [k, d] variances, or [k, d, d] covariance matrices. */
  readonly covariances: Tensor;
}

/** Where the rows of a table lie. */
export interface RowRange {
  /** float64 [d]: mean of the rows. */
  readonly centre: Tensor;
  /** float64 [d]: the largest distance of a row to the centre, in each column. */
  readonly reach: Tensor;
}

/** What a block of b rows gives. */
export interface BlockDensity {
  /** [k, b]: log weight plus log density of each row under each component. */
  readonly logDensity: Tensor;
  /** Diagonal: [b, d] rows minus the range's centre, and their squares. Full: [k, b, d] rows minus means; the taker may overwrite it. */
  readonly rows: { readonly centred: Tensor; readonly squares: Tensor } | { readonly differences: Tensor };
}

/** Densities of a block of rows in the table's own type. */
export type DensityFunction = (block: Tensor) => BlockDensity;

const LOG_2_PI = Math.log(2 * Math.PI);

/** Squares of up to this many standard deviations keep enough digits when a square is multiplied out. */
const SHARPNESS = { float64: 1e8, float32: 1e4 } as const;

/** Kind of covariances that parameters hold. */
export function covarianceKind({ covariances }: MixtureParameters): CovarianceKind {
  return covariances.ndim === 3 ? 'full' : 'diag';
}

/**
 * Prepares log densities under fixed parameters.
 * @param dtype of the blocks: float32 or float64
 * @throws MusterError mixture.singular where a covariance is not positive definite
 */
export function densityFunction(parameters: MixtureParameters, dtype: DType, range: RowRange): DensityFunction {
  return covarianceKind(parameters) === 'full'
    ? fullDensity(parameters, dtype)
    : diagonalDensity(parameters, dtype, range);
}

/** -(x - m)' S^-1 (x - m) / 2 as the squared length of (x - m) L^-T, where S = L L'. */
function fullDensity({ weights, means, covariances }: MixtureParameters, dtype: DType): DensityFunction {
  const d = means.shape[1] ?? 0;
  const [lower, info] = torch.linalgCholeskyEx(covariances);
  const bad = info.nonzero();
  if (bad.numel > 0 || lower.isfinite().all().item() !== 1) throw singular(bad.numel > 0 ? bad.select(0, 0).item() : 0);
  const identity = torch.eye(d, { dtype: 'float64', device: means.device }).expandAs(covariances);
  const whitening = torch.linalgSolveTriangular(lower, identity, { upper: false }).mT().contiguous().to(dtype); // (k, d, d)
  const logRoot = lower.diagonal(0, 1, 2).log().sum([1]);
  const bias = weights
    .log()
    .sub(logRoot)
    .sub(0.5 * d * LOG_2_PI)
    .to(dtype)
    .unsqueeze(1);
  const centres = means.to(dtype).unsqueeze(1); // (k, 1, d)
  return (block) => {
    const differences = block.unsqueeze(0).sub(centres);
    const squares = torch.linalgVectorNorm(differences.bmm(whitening), 2, [2]).square_(); // (k, b)
    return { logDensity: squares.mul_(-0.5).add_(bias), rows: { differences } };
  };
}

/** The square multiplied out, which makes it two products; components too narrow for that are done by differences. */
function diagonalDensity(
  { weights, means, covariances }: MixtureParameters,
  dtype: DType,
  { centre, reach }: RowRange,
): DensityFunction {
  const bad = covariances.gt(0).all(1).logicalNot().nonzero();
  if (bad.numel > 0) throw singular(bad.select(0, 0).item());
  const precisions = covariances.reciprocal();
  const shifted = means.sub(centre);
  const constant = weights
    .log()
    .sub(covariances.log().sum([1]), { alpha: 0.5 })
    .sub(0.5 * (means.shape[1] ?? 0) * LOG_2_PI);
  const bias = constant
    .sub(shifted.square().mul(precisions).sum([1]), { alpha: 0.5 })
    .to(dtype)
    .unsqueeze(1);
  const square = precisions.mul(-0.5).to(dtype); // (k, d)
  const linear = shifted.mul(precisions).to(dtype);
  const origin = centre.to(dtype);
  const limit = SHARPNESS[dtype === 'float64' ? 'float64' : 'float32'];
  const sharp = reach.square().mul(precisions).amax([1]).gt(limit).nonzero().squeeze(1).toNumbers();
  const exact = sharp.map((t) => ({
    t,
    mean: means.select(0, t).to(dtype),
    root: precisions.select(0, t).sqrt().to(dtype),
    constant: constant.select(0, t).item(),
  }));
  return (block) => {
    const centred = block.sub(origin);
    const squares = centred.square();
    const logDensity = torch.addmm(bias, linear, centred.t()).addmm_(square, squares.t());
    for (const { t, mean, root, constant: start } of exact) {
      const length = block.sub(mean).mul_(root).square_().sum([1]);
      logDensity.select(0, t).copy_(length.mul_(-0.5).add_(start));
    }
    return { logDensity, rows: { centred, squares } };
  };
}

function singular(component: number): MusterError {
  return new MusterError('mixture.singular', `the covariance of component ${component} is not positive definite`, {
    fix: 'use a larger ridge, fewer columns (PCA) or diagonal covariances',
  });
}
