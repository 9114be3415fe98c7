import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { BlockDensity, CovarianceKind, MixtureParameters } from './gaussian-density.ts';

/** Sums over rows weighted by responsibilities, float64, taken around a centre of each component. */
export interface Moments {
  /** [k, d]: what is taken from the rows. */
  readonly centres: Tensor;
  /** [k]: sum of r. */
  readonly counts: Tensor;
  /** [k, d]: sum of r (x - c). */
  readonly first: Tensor;
  /** [k, d] or [k, d, d]: sum of r (x - c)^2, or of r (x - c)(x - c)'. */
  readonly second: Tensor;
}

/** Added to every count, so that a component without rows keeps finite parameters. */
const COUNT_FLOOR = 10 * 2 ** -52;

/** A variance this much below the square of the mean's offset has lost too many digits to a subtraction. */
const CANCELLATION = { float64: 1e-6, float32: 1e-3 } as const;

/** Moments of no rows around `centres` float64 [k, d]. */
export function emptyMoments(centres: Tensor, kind: CovarianceKind): Moments {
  const [k = 0, d = 0] = centres.shape;
  const zeros = (shape: number[]): Tensor => torch.zeros(shape, { dtype: 'float64', device: centres.device });
  return { centres, counts: zeros([k]), first: zeros([k, d]), second: zeros(kind === 'full' ? [k, d, d] : [k, d]) };
}

/**
 * Adds a block of rows.
 * @param shares [k, b]: responsibilities
 * @param rows as {@link BlockDensity} describes them: less the moments' centres. `differences` is overwritten.
 */
export function addMoments({ counts, first, second }: Moments, shares: Tensor, rows: BlockDensity['rows']): void {
  counts.add_(shares.sum([1]));
  if ('centred' in rows) {
    first.add_(shares.mm(rows.centred));
    second.add_(shares.mm(rows.squares));
    return;
  }
  const { differences } = rows;
  first.add_(shares.unsqueeze(1).bmm(differences).squeeze(1));
  const scaled = differences.mul_(shares.sqrt().unsqueeze(2));
  second.add_(second.ndim === 3 ? scaled.mT().bmm(scaled) : scaled.square_().sum([1]));
}

/** The M step: weights, means, and covariances around the new means, plus `ridge` on every variance. */
export function parametersOf({ centres, counts, first, second }: Moments, ridge: number): MixtureParameters {
  const full = second.ndim === 3;
  const floored = counts.add(COUNT_FLOOR);
  const perRow = floored.unsqueeze(1);
  const means = first.add(centres.mul(counts.unsqueeze(1))).div(perRow);
  const offset = means.sub(centres);
  const weights = floored.div(floored.sum());
  if (!full) {
    const square = offset.square().mul(counts.unsqueeze(1));
    const sums = second.sub(offset.mul(first), { alpha: 2 }).add(square);
    return { weights, means, covariances: sums.div(perRow).clampMin(0).add(ridge) };
  }
  const cross = first.unsqueeze(2).mul(offset.unsqueeze(1));
  const square = offset
    .unsqueeze(2)
    .mul(offset.unsqueeze(1))
    .mul(counts.view([-1, 1, 1]));
  const covariances = second
    .sub(cross)
    .sub(cross.mT())
    .add(square)
    .div(floored.view([-1, 1, 1]));
  covariances.diagonal(0, 1, 2).clampMin_(0).add_(ridge);
  return { weights, means, covariances };
}

/** Components whose variances are a small difference of large sums: their moments are to be taken anew around the means. */
export function cancelled(
  moments: Moments,
  { means, covariances }: MixtureParameters,
  ridge: number,
  wide: boolean,
): number[] {
  const variances = (covariances.ndim === 3 ? covariances.diagonal(0, 1, 2) : covariances).sub(ridge);
  const limit = CANCELLATION[wide ? 'float64' : 'float32'];
  const offset = means.sub(moments.centres).square();
  const lost = variances.lt(offset.mul(limit)).any(1);
  // Components without rows have no variance to lose.
  return lost.logicalAnd(moments.counts.gt(1e-3)).nonzero().squeeze(1).toNumbers();
}

/** The moments with those of some components replaced. */
export function replaceMoments(moments: Moments, components: readonly number[], others: Moments): Moments {
  const index = torch.tensor(BigInt64Array.from(components, BigInt)).to({ device: moments.counts.device });
  return {
    centres: moments.centres.indexCopy(0, index, others.centres),
    counts: moments.counts.indexCopy(0, index, others.counts),
    first: moments.first.indexCopy(0, index, others.first),
    second: moments.second.indexCopy(0, index, others.second),
  };
}
