export {
  anchorContrast,
  clusterContrast,
  clusterLoss,
  instanceContrast,
  negativeEntropy,
  twinsNearest,
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
export { rotationLoss } from './rotation.ts';
export { natLoss } from './noise-as-targets.ts';
export type { NatLoss } from './noise-as-targets.ts';
export { tacLoss } from './tac.ts';
export type { TacAssignments, TacForm, TacLoss, TacLossOptions, TacTerm } from './tac.ts';
export { targetLoss, unitOutputs } from './target-points.ts';
export type { TargetLossForm } from './target-points.ts';
