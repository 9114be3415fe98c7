import { existsSync } from 'node:fs';
import { MusterError, silent, type Emit } from '../base/index.ts';
import { parseOptions } from './parse-options.ts';
import { findRecipe, locateRecipe, readRecipe, type Recipe } from './recipe.ts';
import { resumeTraining } from './resume-training.ts';
import { trainOnEmbeddings } from './train-embeddings.ts';
import { trainOnImages } from './train-images.ts';
import { trainOptions, type TrainOptions, type TrainOptionsInput, type TrainResult } from './train-options.ts';
import { findTrainer } from './trainer.ts';

const optionNames = {
  groups: '-k',
  method: '<method>',
  data: '<data>',
  recipe: '--recipe',
  backbone: '--backbone',
  seeds: '--seeds',
  seed: '--seed',
  epochs: '--epochs',
  size: '--size',
  channels: '--channels',
  split: '--split',
  keepEvery: '--keep-every',
  precision: '--precision',
  device: '--device',
  resume: '--resume',
  branch: '--branch',
  out: '--out',
  labels: '--labels',
  classes: '--classes',
  nouns: '--nouns',
  under: '--under',
  test: '--test',
  store: '--store',
  threads: '--threads',
};

/**
 * Runs a method or a pretraining by a recipe, once for each seed. One on embeddings is fitted on one split and scored on the other, and
 * saved as by `muster cluster`; one on images trains its network in a run folder of its own, and goes on there where it was stopped.
 *
 * @throws MusterError `recipe` where data or backbone of the recipe are not here, saying what can be done; `interrupted`
 */
export async function trainByRecipe(
  input: TrainOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrainResult> {
  const options = parseOptions(trainOptions, input, optionNames);
  if (options.resume !== undefined) return await resumeTraining(options, options.resume, emit, signal);
  const { method, data } = options;
  if (method === undefined || data === undefined) {
    throw new MusterError('options', 'a method and images are needed', {
      kind: 'usage',
      fix: 'muster train METHOD FOLDER, or muster train --resume RUN',
    });
  }
  const trainer = findTrainer(method);
  const path = recipePath(options, method, data);
  const recipe = path === null ? null : readRecipe(path);
  if (recipe !== null && recipe.method !== method) throw otherMethod(recipe, method, data, path ?? '');
  const training = { method, data, recipe, path };
  return trainer === null
    ? await trainOnEmbeddings(training, options, emit, signal)
    : await trainOnImages({ ...training, trainer }, options, emit, signal);
}

/** The recipe asked for, or the one of a data set that is given by its name. */
function recipePath({ recipe }: TrainOptions, method: string, data: string): string | null {
  const cwd = process.cwd();
  if (recipe !== undefined) return locateRecipe(recipe, cwd);
  return existsSync(data) ? null : findRecipe(method, data, cwd);
}

function otherMethod(recipe: Recipe, method: string, data: string, path: string): MusterError {
  return new MusterError('recipe', `it is a recipe for ${recipe.method}, not for ${method}`, {
    where: path,
    kind: 'usage',
    fix: `muster train ${recipe.method} ${data} --recipe ${path}`,
  });
}
