import { resolve } from 'node:path';
import { engineInfo, hasFastBf16, setThreads, threads } from '@muster/torch';
import { MusterError, type Emit } from '../base/index.ts';
import { locateData } from '../data/index.ts';
import { checkWritable, chooseLocations } from '../store/index.ts';
import type { Precision } from '../train/index.ts';
import { dataSetFor, type Recipe } from './recipe.ts';
import { refuseNeedless } from './train-flags.ts';
import type { TrainOptions, TrainResult, TrainRun } from './train-options.ts';
import { figuresOf, paperOf, spreadOf } from './train-scores.ts';
import { planTrainer, type Trainer, type TrainerPlan } from './trainer.ts';
import { findBranch } from './training-branch.ts';
import { sameTraining, type TrainingConfig } from './training-config.ts';
import { openTrainingImages, shapeOf } from './training-data.ts';
import { findTrainings, openTrainingFolder, stoppedRun, type FoundTraining } from './training-folder.ts';
import { placeOf, seedsOf } from './training-seeds.ts';
import { readFinished, runTraining } from './run-training.ts';
import { packageVersion } from './version.ts';

/** What trains on images, the images, and the recipe where there is one. */
export interface ImageTraining {
  readonly trainer: Trainer;
  readonly method: string;
  readonly data: string;
  readonly recipe: Recipe | null;
  readonly path: string | null;
}

/**
 * Trains a network on images, once for each seed, each in a run folder of its own. A run of the same command that was stopped goes on;
 * its seeds that are done already are not run again.
 *
 * @throws MusterError naming what is wrong, where, and what to do; `interrupted`
 */
export async function trainOnImages(
  training: ImageTraining,
  options: TrainOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<TrainResult> {
  const { trainer, method, data, recipe, path } = training;
  refuseNeedless(method, 'images', options);
  const { groups, epochs } = options;
  const set = { ...recipe?.options, ...options.set };
  if (groups !== undefined) delete set['groups'];
  const plan = planTrainer(trainer, { set, groups, epochs });
  if (options.threads !== undefined) setThreads(options.threads);
  const notes = recipe === null ? [] : figureNotes(recipe);
  const common = await configOf(training, plan, options, notes);
  const seeds = seedsOf(options, recipe);
  const places = seeds.map((seed) => placeOf(common.source, options, seed, seeds.length));
  const store = places[0]?.store ?? '';
  await checkWritable(store);
  await using open = new AsyncDisposableStack();
  const { source, as, split, labels, pixels: form, test } = common;
  const images = open.adopt(await openTrainingImages({ source, as, split, labels, store, form }, emit, signal), (one) =>
    one.close(),
  );
  open.use(images);
  const choice = { ...common, ...test, store: storeOf(test?.source ?? source, options), form };
  const tested =
    test === null ? null : open.adopt(await openTrainingImages(choice, emit, signal), (one) => one.close());
  if (tested !== null) open.use(tested);

  const shape = shapeOf(images);
  const whole = { ...plan, options: trainer.method.complete(plan.options, shape) };
  const earlier = await findTrainings(store);
  const configs = seeds.map((seed): TrainingConfig => ({ ...common, options: whole.options, seed, shape }));
  const done = finishedOf(configs, earlier);
  const runs: TrainRun[] = [];
  for (const [at, config] of configs.entries()) {
    const finished = done[at];
    const place = places[at] ?? { store, run: null };
    if (finished !== undefined) {
      emit({ stage: 'train', message: `seed ${config.seed} is done already: ${finished.folder}` });
      runs.push(await readFinished(finished));
      continue;
    }
    const resume = place.run === null ? (stoppedRun(config, earlier)?.folder ?? null) : null;
    using home = await openTrainingFolder(config, place, resume);
    runs.push(await runTraining({ config, plan: whole, images, tested, home, store }, emit, signal));
  }
  return {
    method,
    gives: trainer.gives,
    data,
    recipe: path,
    runs,
    fit: spreadOf(runs.map(({ fit }) => fit)),
    test: spreadOf(runs.map((run) => run.test)),
    paper: paperOf(recipe, true),
    notes: [...notes, ...new Set(runs.flatMap((run) => run.notes ?? []))],
  };
}

/** Says where figures are compared that these scores are not to be held against. */
function figureNotes({ paper }: Recipe): string[] {
  if (paper?.of !== 'features') return [];
  const where = `The paper's figures (${figuresOf(paper).row}) are of the features`;
  return [`${where}: muster eval RUN --features --probe prints them beside its own.`];
}

function storeOf(source: string, { out, store }: TrainOptions): string {
  return chooseLocations({ source, out, store, cwd: process.cwd() }).store;
}

/** For each run a finished one of the same training; none where all are finished: they are to be made anew then. */
function finishedOf(
  configs: readonly TrainingConfig[],
  earlier: readonly FoundTraining[],
): readonly (FoundTraining | undefined)[] {
  const found = configs.map((config) =>
    earlier.find((run) => run.isFinished && sameTraining(run.config) === sameTraining(config)),
  );
  return found.includes(undefined) ? found : [];
}

/** Everything but the seed. */
async function configOf(
  { trainer, data, recipe, path }: ImageTraining,
  plan: TrainerPlan,
  options: TrainOptions,
  notes: string[],
): Promise<Omit<TrainingConfig, 'seed'>> {
  const located = locateData(data);
  const source = resolve(located);
  const { id, title, paper } = trainer.method;
  const device = options.device ?? (engineInfo().cudaDevices > 0 ? 'cuda' : 'cpu');
  const labels = options.labels === undefined || options.labels === 'folders' ? 'folders' : resolve(options.labels);
  const keepEvery = options.keepEvery ?? recipe?.keepEvery ?? null;
  if (options.branch !== undefined && seedsOf(options, recipe).length > 1) {
    throw new MusterError('train.branch', 'one run cannot be gone on from with several seeds', {
      kind: 'usage',
      fix: 'branch each seed by a command of its own: --seed 1 --branch RUN@EPOCH',
    });
  }
  return {
    format: 1,
    kind: 'training',
    muster: packageVersion(),
    engine: `libtorch ${engineInfo().version}`,
    threads: threads(),
    source,
    followLinks: false,
    as: dataSetFor(data, located, recipe),
    split: options.split ?? recipe?.fit ?? null,
    test: testOf(source, options, recipe),
    labels,
    method: title,
    methodId: id,
    paper,
    gives: trainer.gives,
    set: plan.set,
    options: plan.options,
    pixels: {
      size: options.size ?? recipe?.size ?? null,
      channels: options.channels ?? recipe?.channels ?? null,
      resize: recipe?.resize ?? 'whole',
      filter: recipe?.filter ?? 'bicubic',
    },
    precision: choosePrecision(options.precision ?? recipe?.precision ?? 'float32', device, notes),
    device,
    keepEvery,
    branch: options.branch === undefined ? null : await findBranch(options.branch),
    recipe: path === null ? null : resolve(path),
  };
}

function testOf(source: string, { test, split }: TrainOptions, recipe: Recipe | null): TrainingConfig['test'] {
  if (test !== undefined) return { source: resolve(test), split: null };
  if (recipe === null || split !== undefined || recipe.test === recipe.fit) return null;
  return { source, split: recipe.test };
}

/** bfloat16 where it is wished for and the machine has instructions for it. */
function choosePrecision(wanted: 'auto' | Precision, device: 'cpu' | 'cuda', notes: string[]): Precision {
  if (wanted === 'float32') return wanted;
  if (device === 'cuda' || hasFastBf16()) return 'bfloat16';
  if (wanted === 'bfloat16')
    notes.push('This processor has no bfloat16 instructions: the network was trained in float32.');
  return 'float32';
}
