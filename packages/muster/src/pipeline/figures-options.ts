import { availableParallelism } from 'node:os';
import { z } from 'zod';

const path = z.string({ error: 'must be given' }).min(1, { error: 'must not be empty' });
const whole = (least: number, most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

/** The figures by name. */
export const figureNames = [
  'consistency',
  'neighbours',
  'pca',
  'umap',
  'tsne',
  'confusion',
  'groups',
  'nouns',
] as const;
/** One of them. */
export type FigureName = (typeof figureNames)[number];

/** What `muster figures` can be told. */
export const figuresOptions = z.strictObject({
  /** A run: its folder, its store, its id or `latest`. */
  run: path,
  /** `folders` or a CSV file; by default what the run was scored against. */
  labels: path.optional(),
  /** Which figures; by default all that can be drawn. */
  only: z
    .array(z.enum(figureNames, { error: `must be among ${figureNames.join(', ')}` }))
    .min(1, { error: 'must name a figure' })
    .optional(),
  /** Folder for the figures; by default `figures` in the run's. */
  out: path.optional(),
  /** Images laid out in the plane at most; a larger collection is sampled. */
  points: whole(10, 20_000).default(3000),
  /** Seed of samples and layouts; by default the run's. */
  seed: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  store: path.optional(),
  threads: whole(1, 4 * availableParallelism()).optional(),
});

/** Checked options. */
export type FiguresOptions = z.infer<typeof figuresOptions>;
/** The same before defaults are filled in. */
export type FiguresOptionsInput = z.input<typeof figuresOptions>;

/** What was drawn. */
export interface FiguresResult {
  readonly folder: string;
  /** Absolute paths. */
  readonly files: readonly { readonly name: FigureName; readonly path: string; readonly title: string }[];
  /** Figures that were wanted and cannot be drawn. */
  readonly missing: readonly { readonly name: FigureName; readonly reason: string }[];
}
