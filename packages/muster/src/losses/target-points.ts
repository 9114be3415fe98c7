import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** `squared`: mean of the squares of all entries (the authors' code); `euclidean`: mean of the rows' distances (the text). */
export type TargetLossForm = 'squared' | 'euclidean';

/** Rows divided by their length, without a floor: a row of zeros is NaN and stops the training by name. Source: MMDC, the code. */
export function unitOutputs(z: Tensor): Tensor {
  return z.div(torch.linalgVectorNorm(z, 2, [-1], true));
}

/**
 * How far images are from the points that they are to be mapped to.
 *
 * @param z [n, d] outputs of the network, before they are scaled to length 1
 * @param targets [n, d] points of length 1
 * @source MMDC eq. 1. With d numbers a point, the text's mean of distances gives other gradients than the code's mean over n d squares
 */
export function targetLoss(z: Tensor, targets: Tensor, form: TargetLossForm = 'squared'): Tensor {
  const f = unitOutputs(z);
  return form === 'squared' ? f.sub(targets).square().mean() : torch.linalgVectorNorm(f.sub(targets), 2, [-1]).mean();
}
