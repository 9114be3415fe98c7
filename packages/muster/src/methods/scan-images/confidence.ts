import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Mean probability of the likeliest group: a scalar without gradient. @param logits [n, K] */
export function meanConfidence(logits: Tensor): Tensor {
  return noGrad(() => scope(() => logits.softmax(1).amax([1]).mean()));
}
