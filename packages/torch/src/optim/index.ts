/** Optimisers on the fused operators, gradient clipping, schedules and the moving average of weights. */
export { Optimizer } from './optimizer.ts';
export type { Group, GroupsOrParameters, OptimizerOptions, ParameterGroup } from './groups.ts';
export { SGD } from './sgd.ts';
export type { SgdOptions } from './sgd.ts';
export { Adam, AdamW } from './adam.ts';
export type { AdamOptions } from './adam.ts';
export { clipGradNorm, clipNorm } from './clip.ts';
export { cosineEpoch, cosineWarmup, linearThenConstant, step, valueAt } from './schedule.ts';
export type { CosineWarmup } from './schedule.ts';
export { Ema } from './ema.ts';
export type { Weights } from './ema.ts';
