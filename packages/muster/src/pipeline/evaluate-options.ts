import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Scores } from './score.ts';
import type { PaperFigures } from './train-options.ts';

const path = z.string().min(1, { error: 'must not be empty' });
const whole = (least: number, most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

/** What `muster eval` can be told. */
export const evaluateOptions = z.strictObject({
  /** Path of a run, of a store, an id, or `latest`. */
  run: path,
  /** Score the checkpoints that a training kept, too. */
  checkpoints: z.boolean({ error: 'must be true or false' }).default(false),
  /** Score k-means on the raw features of a trained network, too; of the checkpoints as well where they are scored. */
  features: z.boolean({ error: 'must be true or false' }).default(false),
  /** Fit a linear classifier on the features of a trained network: the one evaluation that learns from labels. */
  probe: z.boolean({ error: 'must be true or false' }).default(false),
  /** `folders`: those that come with the data; or a CSV file. By default what the run was scored against. */
  labels: path.optional(),
  /** Groups that k-means makes of features; by default as many as there are classes. */
  groups: whole(1, 1_000_000).optional(),
  /** Splits that the probe is fitted on, and scored on. */
  probeFit: path.default('train'),
  probeTest: path.default('test'),
  /** What the probe is fitted on: random views as in the training (the paper's way), or each image once as it is, which is faster. */
  probeViews: z.enum(['training', 'plain'], { error: 'must be training or plain' }).default('training'),
  /** Epochs of the probe. */
  probeEpochs: whole(1, 100_000).default(100),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** Folder for tables and charts; by default `evaluation` in the run's folder. */
  out: path.optional(),
  store: path.optional(),
  device: z.enum(['cpu', 'cuda'], { error: 'must be cpu or cuda' }).default('cpu'),
  threads: whole(1, 4 * availableParallelism()).optional(),
});

/** Checked options. */
export type EvaluateOptions = z.infer<typeof evaluateOptions>;
/** The same before defaults are filled in. */
export type EvaluateOptionsInput = z.input<typeof evaluateOptions>;

/** Scores of groups. */
export interface GroupScores {
  readonly scores: Scores;
  /** Groups that some image is in. */
  readonly groups: number;
}

/** Scores of a checkpoint: of its groups or, of a pretraining, of k-means on its features. */
export interface CheckpointScores extends GroupScores {
  /** Name of the training: a method may have several, one after the other. */
  readonly training: string;
  /** Whole epochs that were done. */
  readonly epoch: number;
  /** Of k-means on the features; null where they were not asked for, or the other scores are of them. */
  readonly features: GroupScores | null;
}

/** A linear probe. */
export interface ProbeResult {
  /** Share of the test images that get their class. */
  readonly accuracy: number;
  /** What it was fitted on: random views of every epoch's own, or the images as they are. */
  readonly views: 'training' | 'plain';
  /** Splits that it was fitted on and scored on. */
  readonly fit: string;
  readonly test: string;
  /** A sentence that says that it learned from labels. */
  readonly note: string;
}

/** What a recipe quotes from its paper, as far as it is of what is scored here. */
export interface PaperScores extends PaperFigures {
  /** What the three scores are of. */
  readonly of: 'groups' | 'features';
  /** Accuracy of a linear probe. */
  readonly probe: number | null;
}

/** What `muster eval` finds. */
export interface EvaluateResult {
  readonly run: string;
  readonly method: string;
  readonly images: number;
  /** What the scores are of: the run's own groups or, of a pretraining, those of k-means on its raw features. */
  readonly scored: 'groups' | 'features';
  /** Null where there are no labels. */
  readonly scores: Scores | null;
  /** Of k-means on the raw features; null where they were not asked for, or `scores` are of them. */
  readonly features: Scores | null;
  /** Null where the run has no recipe with figures. */
  readonly paper: PaperScores | null;
  /** Null where they were not asked for. */
  readonly checkpoints: readonly CheckpointScores[] | null;
  readonly probe: ProbeResult | null;
  /** Tables and charts that were written: absolute paths. */
  readonly files: readonly string[];
  readonly notes: readonly string[];
}
