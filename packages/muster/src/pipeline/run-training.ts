import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { formatCount, formatDuration, type Emit } from '../base/index.ts';
import type { ImageFitted, ImageMethod, MethodContext } from '../methods/index.ts';
import type { Pretraining } from '../pretraining/index.ts';
import { markFolder, modelFolder, resultFile, writeRun, type Locations } from '../store/index.ts';
import { aboutTraining } from './compose-report.ts';
import { usageRemarks } from './group-by-method.ts';
import { largestFirst, type Grouping } from './group.ts';
import { readSaved } from './open-run.ts';
import { MethodModel, saveBackbone } from './run-model.ts';
import { saveRun } from './save-run.ts';
import { scoreAgainst, type Scores } from './score.ts';
import type { TrainRun } from './train-options.ts';
import type { TrainerPlan } from './trainer.ts';
import type { TrainingConfig } from './training-config.ts';
import { labelImages, type TrainingImages } from './training-data.ts';
import { stopped, type FoundTraining, type TrainingFolder } from './training-folder.ts';

/** A training and all it needs. */
export interface TrainingJob {
  readonly config: TrainingConfig;
  readonly plan: TrainerPlan;
  readonly images: TrainingImages;
  /** Images that the result is tried on. */
  readonly tested: TrainingImages | null;
  readonly home: TrainingFolder;
  readonly store: string;
}

/**
 * Trains and saves the run: the model, the groups with their report, scores where there are labels. A training that is stopped leaves its
 * folder, in which it goes on.
 *
 * @throws MusterError `interrupted`, or what the training throws
 */
export async function runTraining(job: TrainingJob, emit: Emit, signal: AbortSignal): Promise<TrainRun> {
  const { config, plan, home } = job;
  const both: Emit = (event) => {
    home.log(event);
    emit(event);
  };
  const how = home.isResumed ? 'goes on' : 'begins';
  both({ stage: 'train', message: `${config.methodId}, seed ${config.seed}, ${how} in ${home.folder}` });
  try {
    const context = contextOf(job, both, signal);
    return plan.trainer.gives === 'groups'
      ? await runMethod(job, plan.trainer.method, context, both, signal)
      : await runPretraining(job, plan.trainer.method, context);
  } catch (error) {
    if (signal.aborted) throw stopped(home.folder, error);
    throw error;
  }
}

function contextOf({ config, home }: TrainingJob, emit: Emit, signal: AbortSignal): MethodContext {
  const { seed, precision, device, keepEvery, branch } = config;
  return {
    seed,
    device,
    precision,
    emit,
    signal,
    checkpoints: home.checkpoints,
    ...(keepEvery === null ? {} : { keepEvery }),
    ...(branch === null ? {} : { branch: branch.file }),
  };
}

async function runMethod(
  job: TrainingJob,
  method: ImageMethod,
  context: MethodContext,
  emit: Emit,
  signal: AbortSignal,
): Promise<TrainRun> {
  const { config, plan, images, tested, home } = job;
  const { pixels, collection, labels } = images;
  const fitted = await method.fit({ pixels: pixels.pixels }, plan.options, context);
  const { grouping, order } = groupingOf(fitted, method);
  using model = new MethodModel(fitted, order);
  const metrics = labels === null ? null : scoreAgainst(labels, pixels.items, grouping.labels);
  const test = tested === null ? null : labelImages(tested, model);
  const locations: Locations = { store: job.store, run: home.folder };
  const saved = await saveRun(
    {
      config,
      about: aboutOf(job, fitted.values),
      method: { options: plan.options, values: fitted.values, words: [] },
      model,
      test,
      collection,
      locations,
      embedded: pixels,
      grouping,
      names: Array.from({ length: grouping.groups }, () => ({ name: null, best: null, runnerUp: null })),
      metrics,
      notes: [...grouping.notes, ...leftOut(images)],
      skipped: [...collection.skipped, ...pixels.skipped],
      seconds: home.seconds(),
    },
    emit,
    signal,
  );
  const { folder, groups } = saved;
  const scores = { fit: metrics, test: test?.metrics ?? null };
  return {
    seed: config.seed,
    folder,
    groups: groups.length,
    ...scores,
    seconds: home.seconds(),
    notes: grouping.notes,
  };
}

/** Groups numbered by size; those without an image come last in the order and are left out of the grouping. */
function groupingOf(fitted: ImageFitted, { promises }: ImageMethod): { grouping: Grouping; order: number[] } {
  const { labels, order } = largestFirst(fitted.own.labels, fitted.groups);
  const rest = Array.from({ length: fitted.groups }, (_, own) => own).filter((own) => !order.includes(own));
  const { confidence } = fitted.own;
  const grouping = {
    labels,
    groups: order.length,
    reason: 'as asked',
    // The most certain images stand for their group.
    closeness: confidence,
    confidence: fitted.groups > 1 ? confidence : null,
    notes: usageRemarks(fitted, order.length, promises),
    inertia: confidence.reduce((sum, value) => sum + 1 - value, 0),
    restarts: 0,
  };
  return { grouping, order: [...order, ...rest] };
}

async function runPretraining(job: TrainingJob, pretraining: Pretraining, context: MethodContext): Promise<TrainRun> {
  const { config, plan, images, home, store } = job;
  const { pixels, collection } = images;
  const pretrained = await pretraining.fit({ pixels: pixels.pixels }, plan.options, context);
  try {
    const { folder } = home;
    await markFolder(store);
    await mkdir(join(folder, modelFolder), { recursive: true });
    await saveBackbone(pretrained, join(folder, modelFolder));
    const notes = leftOut(images);
    const { values, dimension } = pretrained;
    const about = aboutOf(job, values);
    const result = {
      format: 1,
      madeAt: new Date().toISOString(),
      images: pixels.items.length,
      seconds: home.seconds(),
      method: { options: plan.options, values, dimension },
      about,
      metrics: null,
      test: null,
      notes,
      groups: [],
      skipped: [...collection.skipped, ...pixels.skipped],
      warnings: pixels.warnings,
      assignments: { files: [], groups: [], confidence: null },
    };
    await writeRun(folder, { [resultFile]: `${JSON.stringify(result, null, 1)}\n` });
    return { seed: config.seed, folder, groups: 0, fit: null, test: null, seconds: home.seconds(), notes };
  } finally {
    pretrained.dispose();
  }
}

function leftOut({ collection, pixels }: TrainingImages): string[] {
  const skipped = collection.skipped.length + pixels.skipped.length;
  const notes: string[] = [];
  if (skipped > 0)
    notes.push(`${formatCount(skipped, 'file')} could not be used and ${skipped === 1 ? 'is' : 'are'} left out.`);
  if (pixels.warnings.length > 0)
    notes.push(
      `${formatCount(pixels.warnings.length, 'image')} decoded with complaints and may be damaged, such as ${pixels.warnings[0]?.path ?? ''}.`,
    );
  return notes;
}

function aboutOf({ config, images, home }: TrainingJob, values: Readonly<Record<string, number>>): [string, string][] {
  const { collection, pixels, set } = images;
  const [count = 0, height, width, channels] = pixels.pixels.shape;
  const { precision, device, threads } = config;
  return aboutTraining({
    images: `${formatCount(count, 'image')} in ${collection.root} (${set.title}: ${set.opened.join(', ')})`,
    pixels: `${width} x ${height}, ${channels === 1 ? 'grey' : 'in colour'}`,
    method: config.method,
    methodId: config.methodId,
    paper: config.paper,
    set: config.set,
    values,
    seed: config.seed,
    arithmetic: `${precision} on ${device}, ${formatCount(threads, 'thread')}`,
    time: formatDuration(home.seconds()),
    software: `muster ${config.muster}, ${config.engine}`,
  });
}

const scores: z.ZodType<Scores> = z.object({
  acc: z.number(),
  nmi: z.number(),
  ari: z.number(),
  labelled: z.int(),
  classes: z.int(),
});
const finishedRun = z.object({
  groups: z.array(z.unknown()),
  metrics: scores.nullable(),
  test: z.object({ metrics: scores.nullable() }).nullable(),
  seconds: z.number(),
});

/** What a finished run found. */
export async function readFinished({ folder, config }: FoundTraining): Promise<TrainRun> {
  const { groups, metrics, test, seconds } = await readSaved(join(folder, resultFile), finishedRun);
  const found = { fit: metrics, test: test?.metrics ?? null };
  return { seed: config.seed, folder, groups: groups.length, ...found, seconds };
}
