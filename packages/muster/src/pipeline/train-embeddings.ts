import { MusterError, type Emit } from '../base/index.ts';
import { locateData, openDataSet } from '../data/index.ts';
import { findMethod } from '../methods/index.ts';
import { clusterFolder } from './cluster.ts';
import type { ClusterOptionsInput } from './cluster-options.ts';
import type { ClusterResult } from './cluster-result.ts';
import { dataSetFor, type Recipe } from './recipe.ts';
import { embeddedNames } from './run-backbone.ts';
import type { TrainOptions, TrainResult, TrainRun } from './train-options.ts';
import { refuseNeedless } from './train-flags.ts';
import { paperOf, spreadOf } from './train-scores.ts';
import { placeOf, seedsOf } from './training-seeds.ts';
import { readWeightsBackbone } from './weights-backbone.ts';

/** A method on embeddings, the images, and the recipe where there is one. */
export interface EmbeddingTraining {
  readonly method: string;
  readonly data: string;
  readonly recipe: Recipe | null;
  readonly path: string | null;
}

/**
 * Runs a method on embeddings by a recipe: fits on one split, scores on the other, once for each seed.
 *
 * @throws MusterError `recipe` where data or backbone of the recipe are not here, saying what can be done; `options` where one has no
 *   meaning on embeddings
 */
export async function trainOnEmbeddings(
  training: EmbeddingTraining,
  options: TrainOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<TrainResult> {
  const { method, data, recipe, path } = training;
  refuseNeedless(method, 'embeddings', options);
  const backbone = options.backbone ?? recipe?.backbone;
  if (recipe !== null) requireUsable(options, recipe, path ?? '');
  const splits = splitsOf(data, options, recipe);
  const byData = recipe?.text?.classes === 'data';
  const classes = options.classes ?? (byData ? await classNames(splits, signal) : undefined);
  const { groups, labels = 'folders', nouns, under, threads } = options;
  const set: Record<string, unknown> = { ...recipe?.options, ...options.set, ...epochsOf(method, options) };
  if (groups !== undefined) delete set['groups'];
  const seeds = seedsOf(options, recipe);
  const runs: TrainRun[] = [];
  for (const seed of seeds) {
    emit({ stage: 'train', message: `seed ${seed}` });
    const words = { classes, nouns, under };
    const place = seedPlace(splits.source, options, seed, seeds.length);
    const wanted = { ...splits, ...place, ...words, method, set, groups, seed, labels, threads, backbone };
    runs.push(runOf(await clusterFolder(wanted, emit, signal)));
  }
  return {
    method,
    gives: 'groups',
    data,
    recipe: path,
    runs,
    fit: spreadOf(runs.map(({ fit }) => fit)),
    test: spreadOf(runs.map((run) => run.test)),
    paper: paperOf(recipe, recipe !== null && isOfRecipe(backbone, recipe)),
    notes: recipe === null ? [] : notesOf(backbone, recipe),
  };
}

/** Where `clusterFolder` is told to put a run: several into one folder share a store, or each would embed the images anew. */
function seedPlace(
  source: string,
  { out, store }: TrainOptions,
  seed: number,
  seeds: number,
): Pick<ClusterOptionsInput, 'out' | 'store'> {
  if (out === undefined || seeds === 1) return { out, store };
  const place = placeOf(source, { out, store }, seed, seeds);
  return { out: place.run ?? undefined, store: place.store };
}

/** `--epochs` as the method's own option. @throws MusterError `options` where it has none */
function epochsOf(method: string, { epochs }: TrainOptions): { readonly epochs?: number } {
  if (epochs === undefined) return {};
  if ('epochs' in findMethod(method).options.shape) return { epochs };
  throw new MusterError('options', `${method} has no epochs`, {
    where: '--epochs',
    kind: 'usage',
    fix: 'leave it out',
  });
}

function isEmbedded(backbone: string | undefined): boolean {
  return backbone !== undefined && embeddedNames.includes(backbone);
}

/** Whether a backbone is the recipe's, wherever the file of its weights lies. */
function isOfRecipe(used: string | undefined, { backbone }: Recipe): boolean {
  if (used === backbone || (isEmbedded(used) && isEmbedded(backbone))) return true;
  const [one, other] = [used, backbone].map((name) => (name === undefined ? null : readWeightsBackbone(name)));
  if (!one || !other) return false;
  return one.depth === other.depth && one.inputSize === other.inputSize && one.crop === other.crop;
}

function requireUsable({ backbone }: TrainOptions, recipe: Recipe, path: string): void {
  const refuse = (what: string, fix: string): MusterError =>
    new MusterError('recipe', what, { where: path, kind: 'usage', fix });
  const { backbone: wanted = '' } = recipe;
  if (backbone === undefined && !isEmbedded(wanted) && readWeightsBackbone(wanted) === null) {
    throw refuse(
      `its backbone ${wanted} cannot be had yet`,
      '--backbone embedded takes the embedded one instead, whose figures are not the paper’s',
    );
  }
}

/** The images that are fitted and, where they are others, those that are scored. */
interface Splits extends Pick<ClusterOptionsInput, 'source' | 'split' | 'as' | 'test' | 'testSplit'> {
  readonly source: string;
}

function splitsOf(data: string, { test, split }: TrainOptions, recipe: Recipe | null): Splits {
  const located = locateData(data);
  const as = dataSetFor(data, located, recipe) ?? undefined;
  const fit = split ?? recipe?.fit;
  const rest = test === undefined ? {} : { test };
  if (recipe === null || test !== undefined || split !== undefined || recipe.test === recipe.fit)
    return { source: located, split: fit, as, ...rest };
  return { source: located, split: fit, as, test: located, testSplit: recipe.test };
}

/** Names of the classes as the data bring them, underscores read as blanks. */
async function classNames({ source, split, as }: Splits, signal: AbortSignal): Promise<string[]> {
  const set = await openDataSet(source, {
    signal,
    ...(split === undefined ? {} : { split }),
    ...(as === undefined ? {} : { as }),
  });
  await set.collection.close();
  if (set.classes.length > 0) return set.classes.map((name) => name.replaceAll('_', ' '));
  throw new MusterError('recipe', 'the recipe gives the method the names of the classes, and the data bring none', {
    where: source,
    kind: 'usage',
    fix: 'give them as --classes cat,dog',
  });
}

function runOf({ settings, folder, groups, metrics, test, seconds }: ClusterResult): TrainRun {
  const scores = test === null ? null : test.metrics;
  return { seed: settings.seed, folder, groups: groups.length, fit: metrics, test: scores, seconds: seconds.all };
}

function notesOf(used: string | undefined, recipe: Recipe): string[] {
  const { backbone, text } = recipe;
  if (isOfRecipe(used, recipe)) return [];
  const other = isEmbedded(used) ? 'the embedded one' : (used ?? 'none');
  const notes = [`The recipe's backbone is ${backbone ?? 'none'}; this ran on ${other}.`];
  if (text !== undefined)
    notes.push(`The recipe's words are ${text.nouns} in ${text.space}; these are the embedded text space's.`);
  return notes;
}
