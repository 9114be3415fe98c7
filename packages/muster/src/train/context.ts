import type { Emit } from '../base/index.ts';

/** What every long computation is given beside its data and options. */
export interface TrainingContext {
  /** From which every named random stream is derived: a whole number in [0, 2^53). */
  readonly seed: number;
  /** Receives progress, curves and remarks. */
  readonly emit: Emit;
  /** Ends the work early; what is done is kept in `checkpoints`. */
  readonly signal?: AbortSignal;
  /** Folder for checkpoints, present if the work shall be resumable; a later call with the same folder goes on from there. */
  readonly checkpoints?: string;
}
