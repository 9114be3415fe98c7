import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setThreads } from '@muster/torch';
import { MusterError, type Emit } from '../base/index.ts';
import { chooseLocations, locateRun, resultFile } from '../store/index.ts';
import { runTraining } from './run-training.ts';
import type { TrainOptions, TrainResult } from './train-options.ts';
import { spreadOf } from './train-scores.ts';
import { findTrainer, planTrainer } from './trainer.ts';
import type { TrainingConfig } from './training-config.ts';
import { openTrainingImages } from './training-data.ts';
import { openTrainingFolder, readTraining } from './training-folder.ts';

/**
 * Goes on with a training that was stopped, as it was begun.
 *
 * @param where path of the run, its id, or `latest`
 * @throws MusterError `store.no-run`, `train.resume` where there is nothing to go on with; `train.busy`; `interrupted`
 */
export async function resumeTraining(
  options: TrainOptions,
  where: string,
  emit: Emit,
  signal: AbortSignal,
): Promise<TrainResult> {
  const { config, folder } = await findStopped(where);
  const trainer = findTrainer(config.methodId);
  if (trainer === null) throw refuse(folder, `${config.methodId} trains no network`, 'run muster cluster again');
  const plan = { ...planTrainer(trainer, { set: config.set }), options: config.options };
  if (options.threads !== undefined) setThreads(options.threads);
  const store = options.store ?? storeAround(folder, config);
  await using open = new AsyncDisposableStack();
  const choice = { as: config.as, labels: config.labels, store, form: config.pixels };
  const images = open.adopt(
    await openTrainingImages({ ...choice, source: config.source, split: config.split }, emit, signal),
    (one) => one.close(),
  );
  open.use(images);
  const tested =
    config.test === null
      ? null
      : open.adopt(await openTrainingImages({ ...choice, ...config.test }, emit, signal), (one) => one.close());
  if (tested !== null) open.use(tested);
  using home = await openTrainingFolder(config, { store, run: null }, folder);
  const run = await runTraining({ config, plan, images, tested, home, store }, emit, signal);
  const { methodId: method, gives, source: data, recipe } = config;
  const scores = { fit: spreadOf([run.fit]), test: spreadOf([run.test]) };
  return { method, gives, data, recipe, runs: [run], ...scores, paper: null, notes: run.notes ?? [] };
}

async function findStopped(where: string): Promise<{ config: TrainingConfig; folder: string }> {
  const folder = await locateRun(where, process.cwd());
  const config = readTraining(folder);
  if (config === null) throw refuse(folder, 'it trained no network on images', 'run muster cluster again');
  if (existsSync(join(folder, resultFile)))
    throw refuse(folder, 'it is finished', 'use it as it is, or branch from it');
  return { config, folder };
}

/** The store that the run lies in, else the usual one. */
function storeAround(folder: string, { source }: TrainingConfig): string {
  const around = dirname(dirname(folder));
  if (existsSync(join(around, 'pixels'))) return around;
  return chooseLocations({ source, out: folder, cwd: process.cwd() }).store;
}

function refuse(where: string, what: string, fix: string): MusterError {
  return new MusterError('train.resume', what, { where, kind: 'usage', fix });
}
