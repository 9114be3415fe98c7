import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { errorMessage, MusterError, suggestName } from '../base/index.ts';
import { dataSetCalled, dataSetOf } from '../data/index.ts';
import { filters } from '../image/index.ts';
import { nounListNames } from '../language/index.ts';
import { recipePlaces } from './recipe-places.ts';
import { planMethod } from './plan-method.ts';
import { findTrainer, planTrainer } from './trainer.ts';

const share = z.number().min(-1).max(1);
const word = z.string().min(1);

const recipeSchema = z.strictObject({
  method: word,
  data: word,
  /** Split that is fitted, split that is scored: folders in the data. */
  fit: word,
  test: word,
  /** `embedded`, weights in a file (`resnet18:FILE`), or a backbone of a hub; none where a network is trained from images. */
  backbone: word.optional(),
  /** Side of the images that a network is trained on, how pictures get it, and channels; by default the data's own. */
  size: z.int().min(1).max(4096).optional(),
  resize: z.enum(['whole', 'centre']).default('whole'),
  filter: z.enum(filters).default('bicubic'),
  channels: z.literal([1, 3]).optional(),
  /** `auto`: bfloat16 where the machine is quick at it. */
  precision: z.enum(['auto', 'float32', 'bfloat16']).optional(),
  /** Epochs between two checkpoints that are kept. */
  keepEvery: z.int().min(1).optional(),
  /** How long a run takes, and on what. */
  time: word.optional(),
  /** Runs with the seeds 0, 1, ... */
  seeds: z.int().min(1).max(1000).default(1),
  /** The paper's own figures, as fractions. */
  paper: z
    .strictObject({
      id: word,
      table: word,
      row: word,
      /** What acc, nmi and ari are of: the run's own groups, or those of k-means on its features. */
      of: z.enum(['groups', 'features']).default('groups'),
      acc: share.optional(),
      nmi: share.optional(),
      ari: share.optional(),
      /** Accuracy of a linear probe on the features. */
      probe: share.optional(),
    })
    .optional(),
  text: z
    .strictObject({
      space: z.literal('clip'),
      nouns: z.enum(nounListNames),
      /** `ensemble`: the mean of seven sentences. */
      prompts: z.literal('ensemble'),
      classes: z.literal('data').optional(),
    })
    .optional(),
  options: z.record(z.string(), z.unknown()).default({}),
});

/** A run of a paper; recipes/README.md tells what each key means. */
export type Recipe = z.infer<typeof recipeSchema>;

/**
 * Reads a recipe and checks it, the options against the schema of its method.
 * @throws MusterError `recipe` naming the file and what is wrong in it
 */
export function readRecipe(path: string): Recipe {
  const parsed = recipeSchema.safeParse(parseToml(path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw refuse(path, `${key}${issue?.message ?? 'has another form'}`);
  }
  const recipe = parsed.data;
  try {
    checkOptions(recipe, path);
  } catch (error) {
    if (error instanceof MusterError) throw refuse(path, error.message, error);
    throw error;
  }
  return recipe;
}

function checkOptions({ method, options, text, backbone, paper }: Recipe, path: string): void {
  const trainer = findTrainer(method);
  if (trainer !== null) {
    if (backbone !== undefined) throw refuse(path, `backbone: ${method} trains a network of its own`);
    if (trainer.gives === 'backbone' && paper?.of === 'groups')
      throw refuse(path, `paper.of: ${method} makes no groups; its figures are of "features"`);
    if (paper?.probe !== undefined && paper.of !== 'features')
      throw refuse(path, 'paper.of: must be "features" where there is a probe');
    planTrainer(trainer, { set: options });
    return;
  }
  if (paper?.of === 'features') throw refuse(path, `paper.of: ${method} trains no network, and has no features`);
  if (backbone === undefined) throw refuse(path, `backbone: ${method} needs embeddings of one`);
  // Class names come with the data, which are not here yet; any name serves to check the rest.
  planMethod({ method, set: options, classes: text?.classes === undefined ? undefined : ['class'] });
}

/**
 * A recipe by its file, or one that comes with muster by its name: `mnist/mmdc`.
 *
 * @returns its path
 * @throws MusterError `recipe` where there is neither
 */
export function locateRecipe(name: string, cwd: string): string {
  const folder = recipeFolder(cwd);
  const named = folder === null ? null : join(folder, `${name}.toml`);
  if (existsSync(name) || named === null || !existsSync(named)) return name; // reading it says what is wrong
  return named;
}

/**
 * The recipe that comes with muster for a method on a data set.
 * @throws MusterError `recipe` naming the data sets, or the methods, that there are recipes for
 */
export function findRecipe(method: string, data: string, cwd: string): string {
  const folder = recipeFolder(cwd);
  const sets = folder === null ? [] : folders(folder);
  if (folder === null || !sets.includes(data)) {
    throw new MusterError('recipe', 'there is no such folder, and no data set of this name', {
      where: data,
      kind: 'usage',
      fix: sets.length === 0 ? 'give a folder of images' : suggestName(data, sets),
    });
  }
  const path = join(folder, data, `${method}.toml`);
  if (existsSync(path)) return path;
  const others = readdirSync(join(folder, data))
    .filter((name) => name.endsWith('.toml'))
    .map((name) => name.slice(0, -'.toml'.length));
  throw new MusterError('recipe', `there is no recipe ${method} for ${data}`, {
    kind: 'usage',
    fix: `${suggestName(method, others)} (--recipe FILE takes any)`,
  });
}

/**
 * The data set that lies at a path, where a name says so: that of the command, or the recipe's where the folder bears one like it.
 *
 * @param data as the user gave it
 * @param located the path it means
 */
export function dataSetFor(data: string, located: string, recipe: Recipe | null): string | null {
  const wanted = recipe === null ? undefined : dataSetOf(recipe.data)?.id;
  if (!existsSync(data)) return wanted ?? data.toLowerCase();
  const name = basename(resolve(located)).replace(/\.(tar|tar\.gz|tgz)$/iu, '');
  return wanted !== undefined && dataSetCalled(name) !== undefined ? wanted : null;
}

/** `recipes` where the user is, else those that come with muster. */
function recipeFolder(cwd: string): string | null {
  return recipePlaces(cwd, import.meta.url).find((place) => existsSync(place)) ?? null;
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function parseToml(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse(path, `cannot be read (${errorMessage(error)})`, error);
  }
  try {
    return parse(text);
  } catch (error) {
    throw refuse(path, `is no TOML (${errorMessage(error).split(/\s{2,}/u)[0] ?? ''})`, error);
  }
}

function refuse(where: string, what: string, cause?: unknown): MusterError {
  return new MusterError('recipe', what, { where, cause, kind: 'usage' });
}
