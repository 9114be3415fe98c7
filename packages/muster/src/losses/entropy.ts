import type { Tensor } from '@muster/torch';

/** Least normal float32, about: keeps 0 ln 0 at 0, and its gradient finite. */
const FLOOR = 1e-37;

/**
 * Entropy H(p) = -sum p ln p of a distribution, natural logarithm, 0 ln 0 = 0.
 *
 * @param p probabilities along the last axis, [..., K]
 * @param floor entries are raised to it first; the papers' codes use 1e-8 or 1e-9
 * @returns [...]
 */
export function entropy(p: Tensor, floor = 0): Tensor {
  if (floor > 0) {
    const raised = p.clampMin(floor);
    return raised.mul(raised.log()).sum([-1]).neg();
  }
  return p.mul(p.clampMin(FLOOR).log()).sum([-1]).neg();
}

/**
 * ln <p, q> of softmaxed logits, exact for large logits: logsumexp(ln p + ln q).
 *
 * @param logP [..., K] log-probabilities
 * @param logQ [..., K] log-probabilities
 * @returns [...]
 */
export function logAgreement(logP: Tensor, logQ: Tensor): Tensor {
  return logP.add(logQ).logsumexp([-1]);
}
