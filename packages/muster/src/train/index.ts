export { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
export type { Checkpoint, Position } from './checkpoint.ts';
export type { TrainingContext } from './context.ts';
export { train } from './epochs.ts';
export type { Epoch, Training } from './epochs.ts';
export { ClusterHeads, headFrom, TacHead } from './heads.ts';
export type { ClusterHeadsOptions } from './heads.ts';
export { drawNeighbours, drawPairs, neighbourTraining, shuffledBatches, trainingState } from './neighbour-training.ts';
export type { NeighbourTrainingOptions, PairOptions } from './neighbour-training.ts';
