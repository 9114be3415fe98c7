import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { errorMessage, MusterError, suggestName } from '../base/index.ts';
import { planMethod } from './plan-method.ts';

const share = z.number().min(-1).max(1);
const word = z.string().min(1);

const recipeSchema = z.strictObject({
  method: word,
  data: word,
  /** Split that is fitted, split that is scored: folders in the data. */
  fit: word,
  test: word,
  /** `embedded`, or a backbone of a hub. */
  backbone: word,
  /** Runs with the seeds 0, 1, ... */
  seeds: z.int().min(1).max(1000).default(1),
  /** The paper's own figures, as fractions. */
  paper: z
    .strictObject({
      id: word,
      table: word,
      row: word,
      acc: share.optional(),
      nmi: share.optional(),
      ari: share.optional(),
    })
    .optional(),
  text: z.strictObject({ space: word, nouns: word, prompts: word, classes: z.literal('data').optional() }).optional(),
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
  // Class names come with the data, which are not here yet; any name serves to check the rest.
  const classes = recipe.text?.classes === undefined ? undefined : ['class'];
  try {
    planMethod({ method: recipe.method, set: recipe.options, classes });
  } catch (error) {
    if (error instanceof MusterError) throw refuse(path, error.message, error);
    throw error;
  }
  return recipe;
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

/** `recipes` where the user is, else those that come with muster. */
function recipeFolder(cwd: string): string | null {
  return recipePlaces(cwd, import.meta.url).find((place) => existsSync(place)) ?? null;
}

/**
 * Where recipes may lie, the first that exists counts: where the user is, beside the built modules of the installed package, in
 * the clone whose sources run.
 *
 * @param module URL of this module: in `dist/pipeline` of the package, or in `packages/muster/src/pipeline` of a clone
 */
export function recipePlaces(cwd: string, module: string): string[] {
  return [
    join(cwd, 'recipes'),
    ...['../recipes', '../../../../recipes'].map((way) => fileURLToPath(new URL(way, module))),
  ];
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
