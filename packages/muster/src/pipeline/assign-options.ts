import { availableParallelism } from 'node:os';
import { z } from 'zod';

const path = z.string().min(1, { error: 'must not be empty' });

/** What `muster assign` can be told. */
export const assignOptions = z.strictObject({
  /** Path of a run, of a store, an id, or `latest`. */
  run: path,
  /** A folder of images, a .tar or a .tar.gz, a data set in its own format or by its name (`muster datasets`). */
  source: path,
  /** Splits of a data set, such as `test`; by default all that have labels. */
  split: path.optional(),
  followLinks: z.boolean({ error: 'must be true or false' }).default(false),
  /** `folders`, or a CSV file with the columns file and label: for scoring only. */
  labels: path.optional(),
  /** Folder of the result; by default a new one in the store. */
  out: path.optional(),
  /** Folder of embeddings and results; by default `muster-<name>` in the working directory. */
  store: path.optional(),
  threads: z
    .int({ error: 'must be a whole number' })
    .min(1, { error: 'must be at least 1' })
    .max(4 * availableParallelism(), { error: `must be at most ${4 * availableParallelism()}` })
    .optional(),
});

/** Checked options. */
export type AssignOptions = z.infer<typeof assignOptions>;
/** The same before defaults are filled in. */
export type AssignOptionsInput = z.input<typeof assignOptions>;
