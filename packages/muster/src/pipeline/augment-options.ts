import { z } from 'zod';

const path = z.string({ error: 'must be given' }).min(1, { error: 'must not be empty' });
const whole = (least: number, most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

/** What `muster augment` can be told. */
export const augmentOptions = z.strictObject({
  /** A recipe's file, or the name of one that comes with muster: `mnist/mmdc`. */
  recipe: path,
  /** The PNG that is written. */
  sheet: path,
  /** Images in place of the recipe's: a path, or a data set's name. */
  data: path.optional(),
  /** Rows of the sheet. */
  images: whole(1, 64).default(8),
  /** Columns: views of each image. */
  views: whole(1, 64).default(10),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** Epoch, from 0, that the views are of. */
  epoch: whole(0, 1_000_000).default(0),
});

/** Checked options. */
export type AugmentOptions = z.infer<typeof augmentOptions>;
/** The same before defaults are filled in. */
export type AugmentOptionsInput = z.input<typeof augmentOptions>;

/** What was drawn. */
export interface AugmentResult {
  /** Absolute path of the sheet. */
  readonly sheet: string;
  readonly recipe: string;
  readonly method: string;
  /** The images, by their paths in the collection, from the first row to the last. */
  readonly images: readonly string[];
  readonly views: number;
  /** Whether the views hold numbers outside 0..1 (normalised, edges) and were stretched to be seen. */
  readonly isStretched: boolean;
}
