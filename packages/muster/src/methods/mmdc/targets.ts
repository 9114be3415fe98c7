import * as torch from '@muster/torch';
import { generator, noGrad, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { randomStream, seedStream } from '../../base/index.ts';
import { unitOutputs } from '../../losses/index.ts';
import type { MmdcOptions } from './options.ts';

/** Half the side of the cube that random means are drawn from; the paper's. Scaled to length 1 it does not matter. */
const HALF_SIDE = 0.1;

/** The mixture that target points are drawn from. */
export interface Mixture {
  /** [K, d] rows of length 1. */
  readonly means: Tensor;
  readonly sigma: number;
  readonly sigmaIs: 'sd' | 'variance';
}

/**
 * Means of K components on the unit sphere: the unit vectors of R^K, or points of a cube scaled to length 1. Source: MMDC section IV-A.
 *
 * @returns [K, d]
 */
export function drawMeans({ groups, dimension = groups, means }: MmdcOptions, seed: number): Tensor {
  return scope(() => {
    if (means === 'one-hot') return torch.eye(groups, dimension, { dtype: 'float32' });
    using random = generator(seedStream(seed, 'mmdc', 'means'));
    return unitOutputs(
      torch.empty([groups, dimension], { dtype: 'float32' }).uniform_(-HALF_SIDE, HALF_SIDE, { generator: random }),
    );
  });
}

/** A component for each of n targets, all alike likely and drawn with replacement, as numbers 0..K-1. */
export function drawComponents(n: number, groups: number, seed: number): Int32Array {
  const random = randomStream(seed, 'mmdc', 'components');
  return Int32Array.from({ length: n }, () => random.below(groups));
}

/** Standard normal numbers [n, d] of the target points. */
export function drawNoise(n: number, dimension: number, seed: number): Tensor {
  using random = generator(seedStream(seed, 'mmdc', 'noise'));
  return torch.randn([n, dimension], { dtype: 'float32', generator: random });
}

/**
 * Points of the mixture, scaled to length 1.
 *
 * @param components int64 [n]
 * @param noise [n, d] standard normal
 * @returns [n, d]
 * @source MMDC eq. 2
 */
export function targetPoints({ means, sigma, sigmaIs }: Mixture, components: Tensor, noise: Tensor): Tensor {
  return noGrad(() =>
    scope(() => {
      const spread = sigmaIs === 'sd' ? sigma : Math.sqrt(sigma);
      return unitOutputs(unitOutputs(means).indexSelect(0, components).add(noise, { alpha: spread }));
    }),
  );
}

/** Nearest mean of each point (eq. 3): int64 [n]. @param points [n, d] @param means [K, d] */
export function nearestMeans(points: Tensor, means: Tensor): Tensor {
  return noGrad(() => scope(() => distances(points, means).argmin(1)));
}

/** Without the product's rounding, which unequal square roots would show. */
const DIFFERENCES = 2;

/** Euclidean distances [n, m] of points [n, d] from others [m, d]. */
export function distances(points: Tensor, others: Tensor): Tensor {
  return torch.cdist(points, others, 2, DIFFERENCES);
}

/** Whole numbers as an index: int64 [n]. */
export function indexOf(values: ArrayLike<number>): Tensor {
  return tensor(BigInt64Array.from({ length: values.length }, (_, at) => BigInt(values[at] ?? 0)));
}
