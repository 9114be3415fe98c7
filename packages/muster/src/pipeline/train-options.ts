import { z } from 'zod';
import { clusterOptions } from './cluster-options.ts';
import type { Scores } from './score.ts';

const path = z.string().min(1, { error: 'must not be empty' });

/** What `muster train` can be told. */
export const trainOptions = z.strictObject({
  ...clusterOptions.pick({ groups: true, set: true, classes: true, test: true, store: true, threads: true }).shape,
  /** Id of a method. */
  method: path,
  /** A folder of images, or a data set that has a recipe. */
  data: path,
  /** A recipe; by default that of the data set, where `data` is one. */
  recipe: path.optional(),
  /** `embedded`: in place of the recipe's. */
  backbone: z.literal('embedded', { error: 'must be embedded' }).optional(),
  /** Runs, with the seeds 0, 1, ...; by default the recipe's, else 1. */
  seeds: z
    .int({ error: 'must be a whole number' })
    .min(1, { error: 'must be at least 1' })
    .max(1000, { error: 'must be at most 1000' })
    .optional(),
  labels: path.default('folders'),
});

/** Checked options. */
export type TrainOptions = z.infer<typeof trainOptions>;
/** The same before defaults are filled in. */
export type TrainOptionsInput = z.input<typeof trainOptions>;

/** One run of a recipe. */
export interface TrainRun {
  readonly seed: number;
  readonly folder: string;
  readonly groups: number;
  /** On the images that were fitted. */
  readonly fit: Scores | null;
  /** On the images that were not; null where there are none. */
  readonly test: Scores | null;
  readonly seconds: number;
}

/** Mean over the runs and their sample standard deviation; null for one run. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
}

/** The three scores over all runs. */
export type ScoreSpread = Readonly<Record<'acc' | 'nmi' | 'ari', Spread>>;

/** What `muster train` finds. */
export interface TrainResult {
  readonly method: string;
  readonly data: string;
  readonly recipe: string | null;
  readonly runs: readonly TrainRun[];
  readonly fit: ScoreSpread | null;
  readonly test: ScoreSpread | null;
  /** The paper's figures, and whether this is its setting. */
  readonly paper: {
    readonly row: string;
    readonly acc: number | null;
    readonly nmi: number | null;
    readonly ari: number | null;
    readonly sameBackbone: boolean;
  } | null;
  readonly notes: readonly string[];
}
