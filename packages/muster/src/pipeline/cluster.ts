import { resolve } from 'node:path';
import { engineInfo, setThreads, threads, type Tensor } from '@muster/torch';
import { MusterError, silent, type Emit } from '../base/index.ts';
import { locateData, type Collection } from '../data/index.ts';
import { findMethod, onEmbeddings } from '../methods/index.ts';
import type { Backbone } from '../models/index.ts';
import { checkRunFolder, checkWritable, chooseLocations, EmbeddingCache, type Locations } from '../store/index.ts';
import { cacheName } from './cache-name.ts';
import type { ClusterResult, FinishedRun, MethodReport, RunSettings, TestResult } from './cluster-result.ts';
import { clusterRemarks } from './cluster-remarks.ts';
import { clusterOptions, type ClusterOptions, type ClusterOptionsInput } from './cluster-options.ts';
import { aboutClustering } from './compose-report.ts';
import { embedCollection, requireImages, type EmbeddedCollection } from './embed.ts';
import { groupByMethod, type MethodInputs } from './group-by-method.ts';
import { groupEmbeddings, requireEnough, type Grouping } from './group.ts';
import { labelCollection, openToLabel, type LabelledCollection, type LabelOptions } from './label-collection.ts';
import { nameInside } from './name-inside.ts';
import { openImages } from './open-images.ts';
import { readNamingWords, type NamingWords } from './naming-words.ts';
import { parseOptions } from './parse-options.ts';
import { planMethod, type MethodPlan } from './plan-method.ts';
import { chooseBackbone } from './run-backbone.ts';
import { CentresModel, rowsOf, type RunModel } from './run-model.ts';
import { readLabels, scoreGroups } from './score.ts';
import { saveRun } from './save-run.ts';
import { BackboneText } from './text-data.ts';
import { textRemarks } from './text-remarks.ts';
import { removeUnfinished, unfinishedFolder } from './unfinished.ts';
import { packageVersion } from './version.ts';

/** How the command writes options that have another name there. */
const optionNames = {
  groups: '-k',
  seed: '--seed',
  threads: '--threads',
  restarts: '--restarts',
  out: '--out',
  store: '--store',
  labels: '--labels',
  followLinks: '--follow-links',
  method: '--method',
  set: '--set',
  classes: '--classes',
  nouns: '--nouns',
  under: '--under',
  test: '--test',
};

/**
 * From a folder of images, or a data set, to named groups: find and decode the images, embed them, group them, name the
 * groups, score them where labels are given, save a report. What is embedded is kept, so another number of groups is quick.
 *
 * @throws MusterError naming what is wrong, where, and what to do; `options` where they do not fit
 */
export async function clusterFolder(
  input: ClusterOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<ClusterResult> {
  const given = parseOptions(clusterOptions, input, optionNames);
  const start = performance.now();
  const plan = planOf(given);
  const words = await readNamingWords(given);
  const options = { ...given, source: locateData(given.source), test: given.test && locateData(given.test) };
  const locations = chooseLocations({ ...options, cwd: process.cwd() });
  await checkWritable(locations.store);
  if (locations.run !== null) {
    await checkRunFolder(locations.run, locations.store);
    await checkWritable(locations.run);
  }
  if (options.threads !== undefined) setThreads(options.threads);
  await using open = new AsyncDisposableStack();
  const opened = (collection: Collection): Collection => open.adopt(collection, (left) => left.close());
  emit({ stage: 'find', message: 'looking for images' });
  const collection = opened(await openImages(options, signal));
  emit({ stage: 'find', done: collection.items.length, unit: 'images' });
  requireEnough(plan?.groups ?? options.groups, collection.items.length);
  if (options.labels !== undefined) await readLabels(collection, options.labels);
  const asTest = testOptions(options);
  if (asTest !== null) await checkWritable(asTest.store);
  const test =
    asTest === null ? null : { options: asTest, collection: opened(await openToLabel(asTest, emit, signal)) };
  const backbone = open.adopt(await chooseBackbone(options.backbone), (left) => left.dispose());
  return await run({ options, plan, words, locations, collection, test, backbone, start, emit, signal });
}

/** The method, checked; null for the default way. */
function planOf(options: ClusterOptions): MethodPlan | null {
  const { method, set, groups, restarts, classes } = options;
  if (method !== undefined) {
    onEmbeddings(findMethod(method));
    return planMethod({ method, set, groups, restarts, classes });
  }
  const needless = Object.keys(set).length > 0 ? '--set' : classes === undefined ? null : '--classes';
  if (needless === null) return null;
  throw new MusterError('options', 'it needs a method', {
    where: needless,
    kind: 'usage',
    fix: 'add --method ID (muster methods lists them)',
  });
}

function testOptions({ test, testSplit, as, followLinks, labels, store, out }: ClusterOptions): LabelOptions | null {
  if (test === undefined) return null;
  const locations = chooseLocations({ source: test, store, out, cwd: process.cwd() });
  return {
    source: test,
    split: testSplit,
    as: testSplit === undefined ? undefined : as,
    followLinks,
    labels,
    store: locations.store,
  };
}

/** Everything that is open while a run is made. */
interface Job {
  readonly options: ClusterOptions;
  readonly plan: MethodPlan | null;
  /** What restricts the words; null: nothing. */
  readonly words: NamingWords | null;
  readonly locations: Locations;
  readonly collection: Collection;
  readonly test: { readonly options: LabelOptions; readonly collection: Collection } | null;
  readonly backbone: Backbone;
  readonly start: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

async function run(job: Job): Promise<ClusterResult> {
  const { options, plan, words, locations, collection, backbone, emit, signal } = job;
  const settings = settingsOf(options, plan, backbone);
  using text = plan?.method.text === true ? BackboneText.open(backbone, options.classes, words?.words) : null;
  const cache = await EmbeddingCache.open(locations.store, cacheName(settings.backbone), backbone.dimension, emit);
  const embedded = await embedCollection(collection, resolve(options.source), backbone, cache, emit, signal);
  const skipped = [...collection.skipped, ...embedded.skipped];
  requireImages(collection, embedded);
  using embeddings: Tensor = embedded.embeddings;
  const grouped = performance.now();
  const isTraining = plan?.method.trains === true;
  const checkpoints = isTraining
    ? await unfinishedFolder(locations.store, settings, collection, embedded.items)
    : undefined;
  const inputs = { embeddings, text: text?.data, seed: options.seed, checkpoints };
  const { grouping, method, model: found, classes, nouns } = await group(job, inputs);
  using model = found;
  emit({ stage: 'name', message: 'naming the groups' });
  const names = nameInside(backbone, embeddings, grouping.labels, grouping.groups, classes, words?.words);
  const groupSeconds = (performance.now() - grouped) / 1000;
  const metrics =
    options.labels === undefined
      ? null
      : await scoreGroups(collection, options.labels, embedded.items, grouping.labels);
  const notes = [
    ...grouping.notes,
    ...(words?.notes ?? []),
    ...(text === null ? [] : textRemarks(backbone, embeddings)),
    ...clusterRemarks(embedded, skipped, options, metrics),
  ];
  const test =
    job.test === null
      ? null
      : await labelCollection(job.test.collection, job.test.options, model, backbone, emit, signal);
  const about = aboutClustering({ grouping, embedded, collection, method }, settings);
  const finished = { config: settings, about, collection, locations, grouping, names, nouns, metrics, notes, skipped };
  const result = await finish({ ...finished, settings, embedded, method, model, test }, job, groupSeconds);
  if (checkpoints !== undefined) await removeUnfinished(checkpoints);
  return result;
}

/** A finished run on embeddings. */
interface FinishedClustering extends FinishedRun {
  readonly settings: RunSettings;
  readonly embedded: EmbeddedCollection;
}

async function finish(
  run: FinishedClustering,
  { start, emit, signal }: Job,
  groupSeconds: number,
): Promise<ClusterResult> {
  const { settings, embedded, grouping, metrics, notes, skipped, test } = run;
  const saved = await saveRun(run, emit, signal);
  return {
    settings,
    images: embedded.items.length,
    groups: saved.groups,
    reason: grouping.reason,
    metrics,
    test: test === null ? null : testResult(test),
    notes,
    skipped,
    reused: embedded.reused,
    seconds: { embed: embedded.seconds, group: groupSeconds, all: (performance.now() - start) / 1000 },
    folder: saved.folder,
    report: saved.report,
  };
}

function testResult({ root, files, metrics, notes, skipped }: LabelledCollection): TestResult {
  return { source: root, images: files.length, metrics, notes, skipped };
}

/** A grouping with what it leaves behind; the model is the caller's. */
interface Grouped {
  readonly grouping: Grouping;
  readonly method: MethodReport | null;
  readonly model: RunModel;
  /** Class name of each group, where groups are given classes. */
  readonly classes: readonly string[] | null;
  readonly nouns?: FinishedRun['nouns'];
}

async function group({ options, plan, emit, signal }: Job, inputs: MethodInputs): Promise<Grouped> {
  const { seed, embeddings } = inputs;
  if (plan !== null) {
    const grouping = await groupByMethod(plan, inputs, emit, signal);
    const { model, classes, nouns, options: whole, values, words } = grouping;
    return { grouping, method: { options: whole, values, words }, model, classes, nouns };
  }
  const { groups, restarts } = options;
  const grouping = await groupEmbeddings(embeddings, { groups, seed, restarts }, emit, signal);
  const { mean, rows } = grouping.centres;
  const width = mean.length;
  return { grouping, method: null, model: new CentresModel(rowsOf(mean, width), rowsOf(rows, width)), classes: null };
}

function settingsOf(options: ClusterOptions, plan: MethodPlan | null, backbone: Backbone): RunSettings {
  return {
    muster: packageVersion(),
    source: resolve(options.source),
    split: options.split ?? null,
    as: options.as ?? null,
    followLinks: options.followLinks,
    method: plan?.method.title ?? 'spherical k-means on centred embeddings',
    methodId: plan?.method.id ?? null,
    paper: plan?.method.paper ?? null,
    set: plan?.set ?? {},
    classes: options.classes ?? null,
    nouns: options.nouns === undefined ? null : resolve(options.nouns),
    under: options.under ?? null,
    test: options.test === undefined ? null : resolve(options.test),
    testSplit: options.testSplit ?? null,
    groups: plan?.groups ?? options.groups ?? null,
    seed: options.seed,
    restarts: options.restarts ?? null,
    labels: options.labels ?? null,
    threads: threads(),
    engine: `libtorch ${engineInfo().version}`,
    backbone: backbone.describe(),
  };
}
