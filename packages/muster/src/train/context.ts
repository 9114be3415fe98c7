import type { Emit } from '../base/index.ts';

/** Number format of products and convolutions in a training step; weights and sums stay float32. */
export type Precision = 'float32' | 'bfloat16';

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
  /** Every n-th epoch's checkpoint is kept in `checkpoints`, beside the last one. */
  readonly keepEvery?: number;
  /** Least time between two checkpoints, in seconds. Default: 10, or fifty times what writing one takes. */
  readonly checkpointSeconds?: number;
  /** File of a kept checkpoint, of a training with other options, to start from where `checkpoints` holds none. */
  readonly branch?: string;
  /** Default float32. */
  readonly precision?: Precision;
}
