import { noGrad, scope } from '../index.ts';
import type { Tensor } from '../index.ts';

/** Weights of a linear map or a convolution: weight [out, ...], bias [out]. */
export interface Affine {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** Batch normalisation in evaluation mode. */
export interface Statistics {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly eps: number;
}

/**
 * The map that a convolution (or linear map) followed by batch normalisation in evaluation mode is: weight w γ / sqrt(var + eps), bias
 * β + (b - mean) γ / sqrt(var + eps). Computed in float64, given in the weight's dtype and memory format; the arguments are left
 * as they are.
 */
export function foldBatchNorm(map: Affine, norm: Statistics): { weight: Tensor; bias: Tensor } {
  const wide = (tensor: Tensor): Tensor => tensor.detach().to('float64');
  return noGrad(() =>
    scope(() => {
      const spread = wide(norm.runningVar).add(norm.eps).rsqrt();
      const factor = norm.weight === null ? spread : spread.mul(wide(norm.weight)); // (out)
      const shape = map.weight.shape.map((size, axis) => (axis === 0 ? size : 1));
      const centred = map.bias === null ? wide(norm.runningMean).neg() : wide(map.bias).sub(wide(norm.runningMean));
      const scaled = centred.mul(factor);
      const bias = norm.bias === null ? scaled : scaled.add(wide(norm.bias));
      const { dtype } = map.weight;
      return { weight: wide(map.weight).mul(factor.reshape(shape)).to(dtype), bias: bias.to(dtype) };
    }),
  );
}
