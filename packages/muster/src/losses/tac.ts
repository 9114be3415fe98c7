import type { Tensor } from '@muster/torch';
import { clusterContrast, unitColumns } from './contrastive.ts';
import { entropy } from './entropy.ts';
import { clampedLog } from './neighbour-consistency.ts';

/** The authors' code, or the printed formulas. */
export type TacForm = 'code' | 'paper';

/** Assignments of a batch, each [n, K], rows summing to 1. */
export interface TacAssignments {
  /** Image head on the images. */
  readonly p: Tensor;
  /** Image head on a neighbour of each image. */
  readonly pn: Tensor;
  /** Text head on the images' text counterparts. */
  readonly q: Tensor;
  /** Text head on a neighbour of each counterpart. */
  readonly qn: Tensor;
}

/** Weights and variants of {@link tacLoss}. */
export interface TacLossOptions {
  /** Of the distillation: .5, or 5 with very many clusters. */
  readonly temperature: number;
  /** Weight of the balance: 5. */
  readonly alpha: number;
  readonly form: TacForm;
  /** Terms to leave out, for ablations (Table V). */
  readonly without?: readonly TacTerm[];
}

/** The three terms of eq. 17. */
export type TacTerm = 'distillation' | 'confidence' | 'balance';

/** Parts of {@link tacLoss}. */
export interface TacLoss {
  readonly distill: Tensor;
  readonly confidence: Tensor;
  readonly balance: Tensor;
  readonly loss: Tensor;
}

/** Least mean probability in the code's balance. */
const CODE_FLOOR = 1e-9;

/**
 * TAC's loss: distillation + confidence - alpha balance. Source: TAC eq. 11-17.
 *
 * @throws RangeError where all three terms are left out
 */
export function tacLoss(batch: TacAssignments, options: TacLossOptions): TacLoss {
  const { p, q } = batch;
  const { form, alpha, without = [] } = options;
  const distill = distillation(batch, options);
  const confidence = confidenceOf(p, q, form);
  const balance = balanceOf(p, q, form);
  const terms = [
    ...(without.includes('distillation') ? [] : [distill]),
    ...(without.includes('confidence') ? [] : [confidence]),
    ...(without.includes('balance') ? [] : [balance.mul(-alpha)]),
  ];
  const [first, ...others] = terms;
  if (first === undefined) throw new RangeError('tacLoss: every term is left out');
  return { distill, confidence, balance, loss: others.reduce((sum, term) => sum.add(term), first) };
}

/**
 * Cross-modal mutual distillation: the clusters of one modality find themselves among those of the other's neighbours.
 *
 * Code: CC's cluster contrast, so clusters of the same matrix are negatives too, mean over 2K. Paper, eq. 11-13: negatives only
 * across the two matrices, one direction a pair, summed over clusters.
 */
function distillation({ p, pn, q, qn }: TacAssignments, { form, temperature }: TacLossOptions): Tensor {
  if (form === 'code') return clusterContrast(p, qn, { temperature }).add(clusterContrast(q, pn, { temperature }));
  return oneWay(q, pn, temperature).add(oneWay(p, qn, temperature));
}

/** Sum over clusters i of -ln softmax_k(cos(from_i, to_k) / temperature) at k = i. Source: TAC eq. 12-13. */
function oneWay(from: Tensor, to: Tensor, temperature: number): Tensor {
  const similarity = unitColumns(from).t().mm(unitColumns(to)).div(temperature); // (K, K)
  return similarity.logSoftmax(1).diagonal().sum().neg();
}

/** Eq. 14. Code: the mean of -ln <p_i, q_i>, logs clamped at -100; paper: one logarithm of the sum. */
function confidenceOf(p: Tensor, q: Tensor, form: TacForm): Tensor {
  const agreement = p.mul(q).sum([1]); // (n)
  return form === 'code' ? clampedLog(agreement).mean().neg() : agreement.sum().log().neg();
}

/** H(mean p) + H(mean q). Source: TAC eq. 15-16; the code clamps the means at 1e-9. */
function balanceOf(p: Tensor, q: Tensor, form: TacForm): Tensor {
  const floor = form === 'code' ? CODE_FLOOR : 0;
  return entropy(p.mean([0]), floor).add(entropy(q.mean([0]), floor));
}
