import { dirname, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { setThreads } from '@muster/torch';
import { MusterError, silent, type Emit } from '../base/index.ts';
import type { Labels } from '../data/index.ts';
import {
  checkpointFolder,
  chooseLocations,
  evaluationFolder,
  findRun,
  modelFolder,
  resultFile,
} from '../store/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import { judgeFeatures, scoreCheckpoints, type CheckpointJob } from './evaluate-checkpoints.ts';
import { evaluateOptions, type EvaluateOptions, type EvaluateOptionsInput } from './evaluate-options.ts';
import type { CheckpointScores, EvaluateResult, ProbeResult } from './evaluate-options.ts';
import { probeBackbone } from './evaluate-backbone.ts';
import { paperScores } from './evaluate-paper.ts';
import { probeNetwork } from './evaluate-probe.ts';
import { writeFeatureCurve, writeScoreCurve, writeTrainingCurves } from './evaluation-files.ts';
import { openImages } from './open-images.ts';
import { readSaved, savedConfig, savedResult, type SavedResult } from './open-run.ts';
import { parseOptions } from './parse-options.ts';
import { loadRunNetwork } from './run-model.ts';
import { readLabels, scoreAgainst, type Scores } from './score.ts';
import { findTrainer } from './trainer.ts';
import type { TrainingConfig } from './training-config.ts';
import { openTrainingImages, type ImageChoice, type TrainingImages } from './training-data.ts';
import { readTraining } from './training-folder.ts';

const optionNames = {
  run: '<run>',
  checkpoints: '--checkpoints',
  features: '--features',
  probe: '--probe',
  labels: '--labels',
  groups: '-k',
  probeFit: '--probe-fit',
  probeTest: '--probe-test',
  probeViews: '--probe-views',
  probeEpochs: '--probe-epochs',
  seed: '--seed',
  out: '--out',
  store: '--store',
  device: '--device',
  threads: '--threads',
};

/**
 * Scores a finished run against labels; on request k-means on its raw features, the checkpoints that its training kept, as a curve over
 * epochs, and a linear probe of its features. Nothing of it is ever seen by a trainer.
 *
 * @throws MusterError `store.no-run`, `labels`, `eval.*` saying what the run lacks
 */
export async function evaluateRun(
  input: EvaluateOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<EvaluateResult> {
  const options = parseOptions(evaluateOptions, input, optionNames);
  if (options.threads !== undefined) setThreads(options.threads);
  const folder = await findRun(options.run, process.cwd());
  const config = readTraining(folder);
  const result = await readSaved(join(folder, resultFile), savedResult);
  if (config !== null) return await evaluateTraining({ folder, config, result, options }, emit, signal);
  if (options.checkpoints || options.features) {
    throw new MusterError('eval.network', 'the run trained no network on images', {
      where: folder,
      kind: 'usage',
      fix: 'leave --checkpoints and --features out',
    });
  }
  return await evaluateGrouping(folder, result, options, emit, signal);
}

/** A run of `muster cluster`. */
async function evaluateGrouping(
  folder: string,
  result: SavedResult,
  options: EvaluateOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<EvaluateResult> {
  const config = await readSaved(join(folder, 'config.json'), savedConfig);
  const probe = options.probe ? await probeBackbone(folder, config, options, emit, signal) : null;
  const collection = await openImages(config, signal);
  try {
    const labels = await readLabels(collection, options.labels ?? config.labels ?? 'folders');
    const { scores, images } = scoreSaved(result, labels, collection.items);
    const rest = { features: null, paper: null, checkpoints: null, probe, files: [], notes: [] };
    return { run: folder, method: config.method, images, scored: 'groups', scores, ...rest };
  } finally {
    await collection.close();
  }
}

/** A run of `muster train` on images. */
interface Evaluation {
  readonly folder: string;
  readonly config: TrainingConfig;
  readonly result: SavedResult;
  readonly options: EvaluateOptions;
}

async function evaluateTraining(evaluation: Evaluation, emit: Emit, signal: AbortSignal): Promise<EvaluateResult> {
  const { folder, config, options } = evaluation;
  const choice = imagesOf(evaluation);
  const notes: string[] = [];
  const files: string[] = [];
  await using open = new AsyncDisposableStack();
  const images = open.adopt(await openTrainingImages(choice, emit, signal), (one) => one.close());
  open.use(images);
  const labels = images.labels !== null && classesOf(images.labels) > 0 ? images.labels : null;
  const own = scoresOf(evaluation, images, labels);
  const into = resolve(options.out ?? join(folder, evaluationFolder));
  let checkpoints: CheckpointScores[] | null = null;
  if (options.checkpoints) {
    checkpoints = await curveOf(evaluation, images, requireLabels(labels, folder), notes, emit, signal);
    const title = `${config.methodId} on ${images.set.title}, seed ${config.seed}`;
    const subtitle = [`Kept checkpoints, scored after the training: ${own.images} images`];
    files.push(...(await writeScoreCurve(into, title, subtitle, checkpoints)));
    if (own.features !== null) files.push(...(await writeFeatureCurve(into, title, subtitle, checkpoints)));
    files.push(...(await writeTrainingCurves(folder, into, title)));
  }
  const probe = options.probe ? await probeRun(evaluation, choice, emit, signal) : null;
  const paper = paperScores(config, notes);
  return { run: folder, method: config.method, ...own, paper, checkpoints, probe, files, notes };
}

function imagesOf({ folder, config, options }: Evaluation): ImageChoice {
  const { source, as, split, pixels, shape } = config;
  const around = dirname(dirname(folder));
  const store =
    options.store ??
    (existsSync(join(around, 'pixels')) ? around : chooseLocations({ source, out: folder, cwd: process.cwd() }).store);
  const form = {
    ...pixels,
    ...(shape === undefined ? {} : { size: [shape.height, shape.width] as const, channels: shape.channels }),
  };
  return { source, as, split, labels: options.labels ?? config.labels, store, form };
}

/** Scores of the run's own groups, and of k-means on its features where they are asked for or all that it has. */
function scoresOf(
  evaluation: Evaluation,
  images: TrainingImages,
  labels: Labels | null,
): Pick<EvaluateResult, 'images' | 'scored' | 'scores' | 'features'> {
  const { folder, config, result, options } = evaluation;
  const rest = { scores: null, images: images.pixels.items.length };
  const ofFeatures = (): Scores => scoreNetwork(evaluation, images, requireLabels(labels, folder));
  if (config.gives === 'backbone') {
    const scores = labels === null && !options.features ? null : ofFeatures();
    return { ...rest, scored: 'features', scores, features: null };
  }
  const own = labels === null ? rest : scoreSaved(result, labels, images.collection.items);
  return { ...own, scored: 'groups', features: options.features ? ofFeatures() : null };
}

/** Scores of the groups that a run saved. */
function scoreSaved(
  { assignments }: SavedResult,
  labels: Labels,
  items: readonly { readonly path: string }[],
): { scores: Scores | null; images: number } {
  const places = new Map(items.map(({ path }, item) => [path, item]));
  const rows = assignments.files.flatMap((file, row) => {
    const item = places.get(file);
    return item === undefined ? [] : [{ item, group: (assignments.groups[row] ?? 0) - 1 }];
  });
  const groups = Int32Array.from(rows, ({ group }) => group);
  return {
    scores: scoreAgainst(
      labels,
      rows.map(({ item }) => item),
      groups,
    ),
    images: rows.length,
  };
}

/** Scores of k-means on the features of a run's network. */
function scoreNetwork({ folder, options }: Evaluation, images: TrainingImages, labels: Labels): Scores {
  const { seed, device, groups = classesOf(labels) } = options;
  const network = loadRunNetwork(join(folder, modelFolder), device);
  try {
    return judgeFeatures({ images, labels, groups, seed }, network).scores;
  } finally {
    network.dispose();
  }
}

async function curveOf(
  { folder, config, options }: Evaluation,
  images: TrainingImages,
  labels: Labels,
  notes: string[],
  emit: Emit,
  signal: AbortSignal,
): Promise<CheckpointScores[]> {
  const trainer = findTrainer(config.methodId);
  const kept = keptCheckpoints(join(folder, checkpointFolder));
  const { shape } = config;
  if (trainer === null || shape === undefined || kept.length === 0) {
    throw new MusterError('eval.checkpoints', 'the run kept no checkpoints', {
      where: folder,
      kind: 'usage',
      fix: 'train it again with --keep-every 1',
    });
  }
  const { features, seed, device, groups = classesOf(labels) } = options;
  const job: CheckpointJob = { config, trainer, images, labels, shape, groups, features, seed, device };
  return await scoreCheckpoints(job, kept, notes, emit, signal);
}

async function probeRun(
  { folder, options }: Evaluation,
  images: ImageChoice,
  emit: Emit,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { probeFit: fit, probeTest: test, probeViews, probeEpochs: epochs, seed, device } = options;
  const network = loadRunNetwork(join(folder, modelFolder), device);
  try {
    const embedAugmented = probeViews === 'training' ? network.embedAugmented : null;
    const job = { images, fit, test, embed: network.embed.bind(network), embedAugmented, epochs, seed, device };
    return await probeNetwork(job, emit, signal);
  } finally {
    network.dispose();
  }
}

function classesOf({ values }: Labels): number {
  return new Set(values.filter((value) => value >= 0)).size;
}

function requireLabels(labels: Labels | null, where: string): Labels {
  if (labels !== null) return labels;
  throw new MusterError('labels', 'the images of the run have no labels', {
    where,
    kind: 'usage',
    fix: 'give them as --labels FILE.csv',
  });
}
