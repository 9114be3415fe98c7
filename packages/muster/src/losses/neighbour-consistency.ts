import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { entropy, logAgreement } from './entropy.ts';

/** Parts of a loss that wants neighbours to agree and clusters to be used alike. */
export interface ConsistencyLoss {
  /** Mean of -ln <p_i, p_j> over neighbours. */
  readonly consistency: Tensor;
  /** Entropy of the anchors' mean assignment. */
  readonly entropy: Tensor;
  readonly loss: Tensor;
}

/**
 * TSP's loss with one sampled neighbour an anchor. Leading axes are heads that are trained side by side: each gets its own value.
 *
 * @param anchors [..., n, K] logits of the batch
 * @param neighbours [..., n, K] logits of a neighbour of each
 * @param options.lambda weight of the entropy; the paper's is 3
 * @returns each part [...]
 * @source TSP eq. 5; <p, q> through logsumexp, exact for large logits
 */
export function tspLoss(anchors: Tensor, neighbours: Tensor, { lambda }: { lambda: number }): ConsistencyLoss {
  const logP = anchors.logSoftmax(-1);
  const agreement = logAgreement(logP, neighbours.logSoftmax(-1)); // (..., n)
  return combine(agreement.mean([-1]).neg(), entropy(logP.exp().mean([-2])), lambda);
}

/** A loss and its derivative. */
export interface LossAndGradient {
  /** [H] */
  readonly loss: Tensor;
  /** By the logits, in their shape. */
  readonly gradient: Tensor;
}

/**
 * {@link tspLoss} and its derivative by the logits in one pass without a graph: a step of a linear head is so small that recording it
 * takes longer than the work.
 *
 * With r = softmax(ln p + ln q), the derivative of -ln <p, q> is p - r by p's logits and q - r by q's; that of -H(m), m the mean of
 * the p, is p_k (ln m_k - sum_j p_j ln m_j) / n by those of one p.
 *
 * @param logits [H, K, 2n], clusters before rows, which is quicker: the anchors, then a neighbour of each
 */
export function tspLossAndGradient(logits: Tensor, { lambda }: { lambda: number }): LossAndGradient {
  return noGrad(() =>
    scope(() => {
      const [heads = 0, clusters = 0, both = 0] = logits.shape;
      const n = both / 2;
      const logs = logits.logSoftmax(1);
      const p = logs.exp();
      const joint = logs.narrow(2, 0, n).add(logs.narrow(2, n, n)); // (H, K, n)
      const logR = joint.logSoftmax(1);
      const agreement = joint.select(1, 0).sub(logR.select(1, 0)); // (H, n): the same for every cluster

      const anchors = p.narrow(2, 0, n);
      const mean = anchors.mean([2], true); // (H, K, 1)
      const logMean = mean.clampMin(LEAST_PROBABILITY).log();
      const gradient = p.view([heads, clusters, 2, n]).sub(logR.exp().unsqueeze(2)).view([heads, clusters, both]);
      const pull = logMean.sub(anchors.mul(logMean).sum([1], true)).mul(anchors);
      gradient.narrow(2, 0, n).add_(pull, { alpha: lambda });
      const negEntropy = mean.mul(logMean).sum([1, 2]);
      return { loss: negEntropy.mul(lambda).sub(agreement.mean([1])), gradient: gradient.div_(n) };
    }),
  );
}

/**
 * TSP's loss with the exact weighted sum over every anchor's neighbours.
 *
 * @param anchors [n, K] logits
 * @param neighbours [n, m, K] logits of the m neighbours of each
 * @param weights [n, m] the weights of eq. 4, rows summing to 1
 * @source TSP eq. 5
 */
export function tspExactLoss(
  anchors: Tensor,
  neighbours: Tensor,
  weights: Tensor,
  { lambda }: { lambda: number },
): ConsistencyLoss {
  const logP = anchors.logSoftmax(-1);
  const agreement = logAgreement(logP.unsqueeze(-2), neighbours.logSoftmax(-1)); // (..., n, m)
  const consistency = agreement.mul(weights).sum([-1]).mean([-1]).neg();
  return combine(consistency, entropy(logP.exp().mean([-2])), lambda);
}

/** Least logarithm of an agreement, as binary cross-entropy clamps it in SCAN's and TAC's code. */
const LEAST_LOG = -100;
/** Least mean probability in SCAN's entropy. */
const SCAN_FLOOR = 1e-8;
/** Least normal float32, about. */
const LEAST_PROBABILITY = 1e-37;

/**
 * SCAN's semantic clustering loss.
 *
 * @param anchors [..., n, K] logits
 * @param neighbours [..., n, K] logits of a neighbour of each
 * @param options.entropyWeight 5 in SCAN's recipes
 * @returns each part [...]
 * @source SCAN (Van Gansbeke et al. 2020) eq. 2; logs clamped at -100 and means at 1e-8 as in the code
 */
export function scanLoss(
  anchors: Tensor,
  neighbours: Tensor,
  { entropyWeight }: { entropyWeight: number },
): ConsistencyLoss {
  const logP = anchors.logSoftmax(-1);
  const agreement = logAgreement(logP, neighbours.logSoftmax(-1)).clampMin(LEAST_LOG); // (..., n)
  return combine(agreement.mean([-1]).neg(), entropy(logP.exp().mean([-2]), SCAN_FLOOR), entropyWeight);
}

/** ln x of probabilities, -100 without a gradient where x is next to 0. */
export function clampedLog(x: Tensor): Tensor {
  return x.clampMin(LEAST_PROBABILITY).log().maskedFill(x.lt(LEAST_PROBABILITY), LEAST_LOG);
}

function combine(consistency: Tensor, spread: Tensor, weight: number): ConsistencyLoss {
  return { consistency, entropy: spread, loss: consistency.sub(spread, { alpha: weight }) };
}

/** Result of {@link selfLabelLoss}. */
export interface SelfLabelLoss {
  /** [n] bool: the samples that are sure enough. */
  readonly mask: Tensor;
  /** [n] int64: the cluster of each sample. */
  readonly target: Tensor;
  readonly loss: Tensor;
}

/**
 * SCAN's self-labelling: cross-entropy of the strongly augmented view against the sure labels of the plain one.
 *
 * @param weak [n, K] logits of the plain view; they get no gradient
 * @param strong [n, K] logits of the augmented view
 * @param options.threshold least probability of a sure label, .99 in SCAN's recipes
 * @param options.balance weighs each cluster by the inverse of its sure samples
 * @returns a loss of 0 where no sample is sure
 * @source SCAN section 3.3; weights and their normalisation as in the code
 */
export function selfLabelLoss(
  weak: Tensor,
  strong: Tensor,
  { threshold, balance }: { threshold: number; balance: boolean },
): SelfLabelLoss {
  const [top, target] = weak.detach().softmax(1).max(1);
  const mask = top.gt(threshold);
  const sure = mask.to(strong.dtype); // (n)
  const weight = balance ? sure.mul(inverseCounts(target, sure, strong.shape[1] ?? 0)) : sure;
  const surprise = torch.nllLoss(strong.logSoftmax(1), target, null, 0); // (n), not reduced
  return { mask, target, loss: surprise.mul(weight).sum().div(weight.sum().clampMin(1e-12)) };
}

/** (n): sure samples in all over those of the sample's own cluster. */
function inverseCounts(target: Tensor, sure: Tensor, clusters: number): Tensor {
  const counts = torch.zeros([clusters], { dtype: sure.dtype, device: sure.device }).indexAdd(0, target, sure);
  return sure.sum().div(counts.clampMin(1)).indexSelect(0, target);
}
