import { _foreachMul_, _foreachNorm, gradsOf, linalgVectorNorm, noGrad, scope, stack, zeros } from '../index.ts';
import type { Tensor } from '../index.ts';

/** Keeps the quotient finite where all gradients are zero; PyTorch's and DINO's value. */
const EPSILON = 1e-6;

/**
 * Scales the gradients of parameters in place by min(1, max / (norm + 1e-6)).
 *
 * @param options.each a norm for every tensor by itself (DINO) instead of one for all entries together
 * @returns the norm before clipping, a scalar, or with `each` [count of parameters with a gradient]; nothing is waited for
 */
export function clipGradNorm(
  parameters: readonly Tensor[],
  max: number,
  { each = false }: { each?: boolean } = {},
): Tensor {
  return scope(() => {
    const gradients = gradsOf(parameters).filter((gradient) => gradient !== null);
    return clipNorm(gradients, max, { each });
  });
}

/** {@link clipGradNorm} on tensors themselves. */
export function clipNorm(tensors: readonly Tensor[], max: number, { each = false }: { each?: boolean } = {}): Tensor {
  return noGrad(() =>
    scope(() => {
      if (tensors.length === 0) return zeros(each ? [0] : [], { dtype: 'float32' });
      const norms = stack(_foreachNorm(tensors, 2)); // (count)
      const norm = each ? norms : linalgVectorNorm(norms);
      const factor = norm.add(EPSILON).reciprocal().mul(max).clampMax(1);
      if (each) tensors.forEach((tensor, i) => tensor.mul_(factor.select(0, i)));
      else _foreachMul_(tensors, factor);
      return norm;
    }),
  );
}
