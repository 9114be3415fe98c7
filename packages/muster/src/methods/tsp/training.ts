import { tspExactLoss, tspLossAndGradient } from '../../losses/index.ts';
import { neighbourTraining } from '../../train/index.ts';
import type { NeighbourTrainingOptions, Training } from '../../train/index.ts';

/** What TSP's heads are trained on. */
export type TspTrainingOptions = Omit<NeighbourTrainingOptions, 'name' | 'loss' | 'lossAndGradient'> & {
  /** Weight of the balance. */
  readonly lambda: number;
};

/** TSP's training; what it returns holds no tensors of its own. Source: TSP eq. 5. */
export function tspTraining({ lambda, ...options }: TspTrainingOptions): Training {
  return neighbourTraining({
    ...options,
    name: 'tsp',
    loss: (anchors, others, weights) => tspExactLoss(anchors, others, weights, { lambda }).loss,
    lossAndGradient: (logits) => tspLossAndGradient(logits, { lambda }),
  });
}
