import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Parts of {@link natLoss}. */
export interface NatLoss {
  /** Sum, or mean over images, of the squared distances. */
  readonly loss: Tensor;
  /** Mean squared distance of an image from its target: 2 where they have nothing to do with each other. */
  readonly distance: Tensor;
}

/**
 * Squared Euclidean distance between outputs and the targets that they hold, both of unit length.
 *
 * @param outputs [n, d]
 * @param targets [n, d]
 * @param options.reduction `sum` over images, as in the code, or their `mean`
 * @source Bojanowski and Joulin, "Unsupervised Learning by Predicting Noise" (2017), eq. 3; the sum is the authors' code's
 */
export function natLoss(outputs: Tensor, targets: Tensor, { reduction }: { reduction: 'sum' | 'mean' }): NatLoss {
  const loss = outputs.sub(targets).square().sum();
  const n = outputs.shape[0] ?? 1;
  const distance = scope(() => loss.detach().div(n));
  return { loss: reduction === 'sum' ? loss : loss.div(n), distance };
}
