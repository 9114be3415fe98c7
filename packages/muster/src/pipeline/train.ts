import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MusterError, silent, type Emit } from '../base/index.ts';
import { clusterFolder } from './cluster.ts';
import type { ClusterResult } from './cluster-result.ts';
import { parseOptions } from './parse-options.ts';
import { findRecipe, readRecipe, type Recipe } from './recipe.ts';
import type { Scores } from './score.ts';
import {
  trainOptions,
  type ScoreSpread,
  type Spread,
  type TrainOptions,
  type TrainOptionsInput,
} from './train-options.ts';
import type { TrainResult, TrainRun } from './train-options.ts';

const optionNames = {
  groups: '-k',
  recipe: '--recipe',
  backbone: '--backbone',
  seeds: '--seeds',
  labels: '--labels',
  classes: '--classes',
  test: '--test',
  store: '--store',
  threads: '--threads',
};

/**
 * Runs a method by a recipe: fits on one split, scores on the other, once for each seed. Every run is saved as one of
 * `muster cluster`.
 *
 * @throws MusterError `recipe` where data or backbone of the recipe are not here, saying what can be done
 */
export async function trainByRecipe(
  input: TrainOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrainResult> {
  const options = parseOptions(trainOptions, input, optionNames);
  const path =
    options.recipe ?? (existsSync(options.data) ? null : findRecipe(options.method, options.data, process.cwd()));
  const recipe = path === null ? null : readRecipe(path);
  if (recipe !== null) requireUsable(options, recipe, path ?? '');
  const { source, test } = splitsOf(options, recipe);
  const classes = options.classes ?? (recipe?.text?.classes === 'data' ? classFolders(source) : undefined);
  const { method, groups, labels, store, threads } = options;
  const set = { ...recipe?.options, ...options.set };
  if (groups !== undefined) delete set['groups'];
  const runs: TrainRun[] = [];
  for (let seed = 0; seed < (options.seeds ?? recipe?.seeds ?? 1); seed++) {
    emit({ stage: 'train', message: `seed ${seed}` });
    const wanted = { source, test, method, set, groups, seed, labels, classes, store, threads };
    runs.push(runOf(await clusterFolder(wanted, emit, signal)));
  }
  return {
    method,
    data: options.data,
    recipe: path,
    runs,
    fit: spreadOf(runs.map(({ fit }) => fit)),
    test: spreadOf(runs.map((run) => run.test)),
    paper: paperOf(recipe),
    notes: recipe === null ? [] : notesOf(recipe),
  };
}

/** The backbone that is always here, by its names. */
const embeddedNames: readonly string[] = ['embedded', 'efficientnet-lite0'];

function requireUsable({ method, data, backbone }: TrainOptions, recipe: Recipe, path: string): void {
  const refuse = (what: string, fix: string): MusterError =>
    new MusterError('recipe', what, { where: path, kind: 'usage', fix });
  if (recipe.method !== method) {
    throw refuse(
      `it is a recipe for ${recipe.method}, not for ${method}`,
      `muster train ${recipe.method} ${data} --recipe ${path}`,
    );
  }
  if (!existsSync(data)) {
    throw refuse(
      `the data set ${recipe.data} has no loader yet`,
      `give a folder that holds ${[...new Set([recipe.fit, recipe.test])].join('/ and ')}/, with a folder for each class: muster train ${method} FOLDER --recipe ${path}`,
    );
  }
  if (backbone === undefined && !embeddedNames.includes(recipe.backbone)) {
    throw refuse(
      `its backbone ${recipe.backbone} cannot be had yet`,
      '--backbone embedded takes the embedded one instead, whose figures are not the paper’s',
    );
  }
}

/** The images that are fitted and, where they are others, those that are scored. */
function splitsOf({ data, test }: TrainOptions, recipe: Recipe | null): { source: string; test: string | undefined } {
  if (recipe === null) return { source: data, test };
  const split = (name: string): string => {
    const folder = join(data, name);
    if (existsSync(folder)) return folder;
    throw new MusterError('recipe', `there is no folder ${name}, which the recipe asks for`, {
      where: data,
      kind: 'usage',
      fix: name.includes('+') ? `put the images of both into one folder ${name}` : `put the split ${name} there`,
    });
  };
  const source = split(recipe.fit);
  return { source, test: test ?? (recipe.test === recipe.fit ? undefined : split(recipe.test)) };
}

/** Names of the classes: those of the folders, underscores read as blanks. */
function classFolders(source: string): string[] {
  if (statSync(source).isDirectory()) {
    const names = readdirSync(source, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name.replaceAll('_', ' '))
      .sort();
    if (names.length > 0) return names;
  }
  throw new MusterError(
    'recipe',
    'the recipe gives the method the names of the classes, and there is no folder for each',
    {
      where: source,
      kind: 'usage',
      fix: 'give them as --classes cat,dog',
    },
  );
}

function runOf({ settings, folder, groups, metrics, test, seconds }: ClusterResult): TrainRun {
  const scores = test === null ? null : test.metrics;
  return { seed: settings.seed, folder, groups: groups.length, fit: metrics, test: scores, seconds: seconds.all };
}

/** Mean and standard deviation of each score; null where some run has none. */
function spreadOf(scores: readonly (Scores | null)[]): ScoreSpread | null {
  const all = scores.filter((one) => one !== null);
  if (all.length < scores.length) return null;
  const spread = (name: 'acc' | 'nmi' | 'ari'): Spread => meanAndSd(all.map((one) => one[name]));
  return { acc: spread('acc'), nmi: spread('nmi'), ari: spread('ari') };
}

/** The sample's standard deviation (n - 1); null for one value. */
export function meanAndSd(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, sd: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

function paperOf(recipe: Recipe | null): TrainResult['paper'] {
  if (recipe?.paper === undefined) return null;
  const { table, row, acc = null, nmi = null, ari = null } = recipe.paper;
  const sameBackbone = embeddedNames.includes(recipe.backbone);
  return { row: `table ${table}, ${row}`, acc, nmi, ari, sameBackbone };
}

function notesOf({ backbone, text }: Recipe): string[] {
  if (embeddedNames.includes(backbone)) return [];
  const notes = [`The recipe's backbone is ${backbone}; this ran on the embedded one.`];
  if (text !== undefined)
    notes.push(`The recipe's words are ${text.nouns} in ${text.space}; these are the embedded text space's.`);
  return notes;
}
