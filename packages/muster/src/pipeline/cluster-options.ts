import { availableParallelism } from 'node:os';
import { z } from 'zod';

const whole = (least: number, most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });
const path = z.string().min(1, { error: 'must not be empty' });
const name = z.string().trim().min(1, { error: 'must not be empty' });

/** What `muster cluster` can be told: checked here once, for the command and for programs. */
export const clusterOptions = z.strictObject({
  /** A folder of images, a .tar or a .tar.gz, a data set in its own format or by its name (`muster datasets`). */
  source: path,
  /** Splits of a data set, such as `train+test`; by default all that have labels. */
  split: name.optional(),
  /** Name of the data set that lies there, where the path does not tell. */
  as: name.optional(),
  /** `embedded`, `pixels`, weights in a file (`resnet18:FILE`), or a run that trained a network on images. */
  backbone: path.optional(),
  /** Follow links in the folder that stay inside it; otherwise they are reported and left out. */
  followLinks: z.boolean({ error: 'must be true or false' }).default(false),
  /** Number of groups; without it the number is estimated. */
  groups: whole(1, 1_000_000).optional(),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** Starts of k-means, of which the best is kept; by default 10 to 40, fewer for large collections (`defaultRestarts`), 1 to 10 by mini-batches. */
  restarts: whole(1, 1000).optional(),
  /** Id of a method (`muster methods`); by default spherical k-means on centred embeddings. */
  method: name.optional(),
  /** Options of the method; texts are read as its schema wants them. */
  set: z.record(z.string(), z.unknown()).default({}),
  /** Names of classes, for methods with words. */
  classes: z.array(name).min(1, { error: 'must name a class' }).optional(),
  /** Path of a file with one noun a line: groups are named, and methods choose their words, from these alone. */
  nouns: path.optional(),
  /** A noun: only words below it in WordNet are used. */
  under: name.optional(),
  /** Further images that are given the groups found in `source`, and scored where there are labels. */
  test: path.optional(),
  /** Splits of `test`. */
  testSplit: name.optional(),
  /** Folder of this run; by default a new one in the store. */
  out: path.optional(),
  /** Folder of embeddings and runs; by default `muster-<name>` in the working directory. */
  store: path.optional(),
  /** `folders` (of a data set: its own labels), or a CSV file with the columns file and label: for scoring only. */
  labels: path.optional(),
  /** Threads of the engine, at most four a core; by default one a core. */
  threads: whole(1, 4 * availableParallelism()).optional(),
});

/** Checked options of a run. */
export type ClusterOptions = z.infer<typeof clusterOptions>;
/** The same before defaults are filled in. */
export type ClusterOptionsInput = z.input<typeof clusterOptions>;
