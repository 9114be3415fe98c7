import { z } from 'zod';
import { filters } from '../image/index.ts';

const text = z.string().min(1);

/** `config.json` of a run that trained a network on images: enough to go on with it, or to make it again. */
export const trainingConfig = z.object({
  format: z.literal(1),
  kind: z.literal('training'),
  muster: text,
  engine: text,
  threads: z.int(),
  /** Path of the images, and how they are read. */
  source: text,
  followLinks: z.boolean(),
  /** Name of the data set that lies there, where it is one; decides how its classes are read. */
  as: text.nullable(),
  /** Splits that are trained on; null: all that have labels. */
  split: text.nullable(),
  /** Images that the result is tried on; null: none. */
  test: z.object({ source: text, split: text.nullable() }).nullable(),
  /** `folders`: those that come with the data; or a CSV file. For scoring, after the training; null: no scores. */
  labels: text.nullable(),
  method: text,
  methodId: text,
  paper: text,
  gives: z.enum(['groups', 'backbone']),
  set: z.record(z.string(), z.unknown()),
  options: z.record(z.string(), z.unknown()),
  seed: z.int().min(0),
  pixels: z.object({
    size: z.int().min(1).nullable(),
    channels: z.literal([1, 3]).nullable(),
    resize: z.enum(['whole', 'centre']),
    filter: z.enum(filters),
  }),
  /** Size of the images that it was trained on; there once they are decoded. */
  shape: z.object({ height: z.int(), width: z.int(), channels: z.literal([1, 3]) }).optional(),
  precision: z.enum(['float32', 'bfloat16']),
  device: z.enum(['cpu', 'cuda']),
  keepEvery: z.int().min(1).nullable(),
  /** The kept checkpoint of another run that it starts from; null: none. */
  branch: z.object({ run: text, epoch: z.int().min(0), file: text }).nullable(),
  recipe: text.nullable(),
});

/** What a training run is told. */
export type TrainingConfig = z.infer<typeof trainingConfig>;

/** A text that is equal for runs of which one can go on where the other stopped. */
export function sameTraining(config: TrainingConfig): string {
  // What does not change the result, or only to rounding, may differ; parsed, the keys have one order.
  const {
    threads: _threads,
    engine: _engine,
    keepEvery: _keepEvery,
    shape: _shape,
    ...rest
  } = trainingConfig.parse(config);
  return JSON.stringify(rest);
}
