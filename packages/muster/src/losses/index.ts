export {
  anchorContrast,
  clusterContrast,
  clusterLoss,
  instanceContrast,
  negativeEntropy,
  unitColumns,
  unitRows,
  viticLoss,
} from './contrastive.ts';
export type { ClusterLoss, ContrastForm, ContrastOptions, ViticLoss } from './contrastive.ts';
export { entropy, logAgreement } from './entropy.ts';
export {
  clampedLog,
  scanLoss,
  selfLabelLoss,
  tspExactLoss,
  tspLoss,
  tspLossAndGradient,
} from './neighbour-consistency.ts';
export type { ConsistencyLoss, LossAndGradient, SelfLabelLoss } from './neighbour-consistency.ts';
export { tacLoss } from './tac.ts';
export type { TacAssignments, TacForm, TacLoss, TacLossOptions, TacTerm } from './tac.ts';
