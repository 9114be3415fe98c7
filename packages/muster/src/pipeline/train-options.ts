import { z } from 'zod';
import { clusterOptions } from './cluster-options.ts';
import type { Scores } from './score.ts';

const whole = (least: number, most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });
const path = z.string().min(1, { error: 'must not be empty' });

/** What `muster train` can be told. */
export const trainOptions = z.strictObject({
  ...clusterOptions.pick({
    groups: true,
    set: true,
    classes: true,
    nouns: true,
    under: true,
    test: true,
    store: true,
    threads: true,
  }).shape,
  /** Id of a method or a pretraining; needed unless a run is resumed. */
  method: path.optional(),
  /** Images, or the name of a data set: looked for in `MUSTER_DATA` and `data`. */
  data: path.optional(),
  /** A recipe: its file or its name (`mnist/mmdc`); by default that of the data set, where `data` is a name. */
  recipe: path.optional(),
  /** What embeds the images in place of the recipe's: as in `muster cluster`. */
  backbone: path.optional(),
  /** Runs, with the seeds 0, 1, ... or from `seed`; by default the recipe's, else 1. */
  seeds: whole(1, 1000).optional(),
  /** The first seed; with it, one run by default. */
  seed: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  /** `folders`: those that come with the data; or a CSV file. */
  labels: path.optional(),

  /** Splits to train on, such as `train+test`, in place of the recipe's. */
  split: path.optional(),
  epochs: whole(0, 1_000_000).optional(),
  /** Folder of the run; with several seeds, of one folder for each. */
  out: path.optional(),

  // For trainings on images.
  /** Side of the images; by default the recipe's, else their own. */
  size: whole(1, 4096).optional(),
  channels: z.literal([1, 3], { error: 'must be 1 or 3' }).optional(),
  /** Every n-th epoch's checkpoint is kept. */
  keepEvery: whole(1, 1_000_000).optional(),
  precision: z.enum(['auto', 'float32', 'bfloat16'], { error: 'must be auto, float32 or bfloat16' }).optional(),
  device: z.enum(['cpu', 'cuda'], { error: 'must be cpu or cuda' }).optional(),
  /** A run that was stopped: it goes on as it was begun. */
  resume: path.optional(),
  /** `<run>@<epoch>` or `<run>@<training>:<epoch>`: starts from a kept checkpoint of another run. */
  branch: path
    .regex(/^.+@(?:[a-z-]+:)?\d+$/u, { error: 'must be <run>@<epoch> or <run>@<training>:<epoch>' })
    .optional(),
});

/** Checked options. */
export type TrainOptions = z.infer<typeof trainOptions>;
/** The same before defaults are filled in. */
export type TrainOptionsInput = z.input<typeof trainOptions>;

/** One run of a recipe. */
export interface TrainRun {
  readonly seed: number;
  readonly folder: string;
  /** 0 for a pretraining. */
  readonly groups: number;
  /** On the images that were fitted. */
  readonly fit: Scores | null;
  /** On the images that were not; null where there are none. */
  readonly test: Scores | null;
  readonly seconds: number;
  /** Remarks the reader must not miss. */
  readonly notes?: readonly string[];
}

/** Mean over the runs and their sample standard deviation; null for one run. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
}

/** The three scores over all runs. */
export type ScoreSpread = Readonly<Record<'acc' | 'nmi' | 'ari', Spread>>;

/** Scores that a paper prints. */
export interface PaperFigures {
  /** Where they stand: table and row. */
  readonly row: string;
  readonly acc: number | null;
  readonly nmi: number | null;
  readonly ari: number | null;
}

/** What `muster train` finds. */
export interface TrainResult {
  readonly method: string;
  /** `backbone`: a pretraining, which makes no groups. */
  readonly gives: 'groups' | 'backbone';
  readonly data: string;
  readonly recipe: string | null;
  readonly runs: readonly TrainRun[];
  readonly fit: ScoreSpread | null;
  readonly test: ScoreSpread | null;
  /** The paper's figures of the same scores, and whether this is its setting. */
  readonly paper: (PaperFigures & { readonly sameBackbone: boolean }) | null;
  readonly notes: readonly string[];
}
