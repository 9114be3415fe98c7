import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { SweepResult } from './sweep.ts';

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

/** What files a figure becomes. */
export const figureFormats = ['svg', 'png', 'both'] as const;

/** What `muster figures` can be told. */
export const figuresOptions = z.strictObject({
  /** A run: its folder, its store, its id or `latest`. */
  run: path,
  /** `folders` or a CSV file; by default what the run was scored against. */
  labels: path.optional(),
  /** Which figures; by default all that can be drawn or, where `sweep` or `beside` is given, those alone. */
  only: z
    .array(z.enum(figureNames, { error: `must be among ${figureNames.join(', ')}` }))
    .min(1, { error: 'must name a figure' })
    .optional(),
  /** Options of the run's method, each with values that it is fitted anew with: a text with commas, or a list. */
  sweep: z
    .record(z.string(), z.union([z.string(), z.array(z.unknown())], { error: 'must be key=value,value' }))
    .optional(),
  /** Fits of each value: with the seed, and those that follow. */
  sweepSeeds: whole(1, 100).default(1),
  /** Runs of the same images whose embeddings are compared with this one's. */
  beside: z.array(path).min(1, { error: 'must name a run' }).optional(),
  /** SVG files, PNG files, or one of each. */
  format: z.enum(figureFormats, { error: `must be ${figureFormats.slice(0, -1).join(', ')} or both` }).default('svg'),
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

/** A figure that was written. */
export interface DrawnFile {
  readonly name: FigureName | 'sweep' | 'beside';
  readonly path: string;
  readonly title: string;
}

/** What was drawn. */
export interface FiguresResult {
  readonly folder: string;
  /** Absolute paths. */
  readonly files: readonly DrawnFile[];
  /** The numbers of `sweep-<key>.svg`. */
  readonly sweeps: readonly SweepResult[];
  /** Figures that were wanted and cannot be drawn. */
  readonly missing: readonly { readonly name: FigureName; readonly reason: string }[];
}
