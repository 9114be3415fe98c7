import type { Emit } from '../base/index.ts';
import type { AssignOptionsInput } from './assign-options.ts';
import type { AssignResult } from './assign-result.ts';
import type { AugmentOptionsInput, AugmentResult } from './augment-options.ts';
import type { ClusterOptionsInput } from './cluster-options.ts';
import type { ClusterResult } from './cluster-result.ts';
import type { DataSet, DataSetOptions } from '../data/index.ts';
import type { DataSetSummary } from './datasets.ts';
import type { DoctorReport } from './doctor.ts';
import type { EmbeddedImages, EmbedOptions } from './embed-images.ts';
import type { MethodSummary } from './list-methods.ts';
import type { EvaluateOptionsInput, EvaluateResult } from './evaluate-options.ts';
import type { FiguresOptionsInput, FiguresResult } from './figures-options.ts';
import type { PixelOptions, ReadPixels } from './read-pixels.ts';
import type { SearchOptionsInput, SearchResult } from './search-options.ts';
import type { TrainOptionsInput, TrainResult } from './train-options.ts';

export { assignOptions, type AssignOptions, type AssignOptionsInput } from './assign-options.ts';
export type { AssignedGroup, AssignResult } from './assign-result.ts';
export {
  augmentOptions,
  type AugmentOptions,
  type AugmentOptionsInput,
  type AugmentResult,
} from './augment-options.ts';
export { backboneNames } from './backbone-names.ts';
export { clusterOptions, type ClusterOptions, type ClusterOptionsInput } from './cluster-options.ts';
export type { ClusterResult, GroupResult, TestResult } from './cluster-result.ts';
export type { DataSet, DataSetOptions } from '../data/index.ts';
export type { DataSetSummary } from './datasets.ts';
export type { DoctorLine, DoctorReport } from './doctor.ts';
export type { EmbeddedImages, EmbedOptions } from './embed-images.ts';
export type { MethodOption, MethodSummary } from './list-methods.ts';
export { evaluateOptions } from './evaluate-options.ts';
export type { CheckpointScores, EvaluateOptions, EvaluateOptionsInput, EvaluateResult } from './evaluate-options.ts';
export { figureNames, figuresOptions } from './figures-options.ts';
export type { DrawnFile, FigureName, FiguresOptions, FiguresOptionsInput, FiguresResult } from './figures-options.ts';
export type { PixelOptions, ReadPixels } from './read-pixels.ts';
export type { SweepResult, SweepValue } from './sweep.ts';
export { recipePlaces } from './recipe-places.ts';
export { searchOptions, unknownSentence } from './search-options.ts';
export type { SearchHit, SearchOptions, SearchOptionsInput, SearchResult } from './search-options.ts';
export { trainOptions } from './train-options.ts';
export type { PaperFigures, TrainOptions, TrainOptionsInput, TrainResult, TrainRun } from './train-options.ts';
export { packageVersion } from './version.ts';
export { percent } from '../report/index.ts';

// The use cases are loaded when they are called: help and doctor must work where the engine does not.

/** Groups the images of a folder; see `cluster.ts`. */
export async function clusterFolder(
  options: ClusterOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<ClusterResult> {
  const { clusterFolder: run } = await import('./cluster.ts');
  return run(options, emit, signal);
}

/** Embeds the images of a folder and gives the rows themselves; see `embed-images.ts`. */
export async function embedImages(options: EmbedOptions, emit?: Emit, signal?: AbortSignal): Promise<EmbeddedImages> {
  const { embedImages: run } = await import('./embed-images.ts');
  return run(options, emit, signal);
}

/** Gives further images the groups of a finished run; see `assign.ts`. */
export async function assignImages(
  options: AssignOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<AssignResult> {
  const { assignImages: run } = await import('./assign.ts');
  return run(options, emit, signal);
}

/** Decodes the images of a folder or data set and gives their pixels; see `read-pixels.ts`. */
export async function readPixels(options: PixelOptions, emit?: Emit, signal?: AbortSignal): Promise<ReadPixels> {
  const { readPixels: run } = await import('./read-pixels.ts');
  return run(options, emit, signal);
}

/** Draws the random views of a recipe's training; see `augment.ts`. */
export async function drawAugmentations(
  options: AugmentOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<AugmentResult> {
  const { drawAugmentations: run } = await import('./augment.ts');
  return run(options, emit, signal);
}

/** Runs a method by a recipe; see `train.ts`. */
export async function trainByRecipe(
  options: TrainOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<TrainResult> {
  const { trainByRecipe: run } = await import('./train.ts');
  return run(options, emit, signal);
}

/** Scores a run against labels; see `evaluate.ts`. */
export async function evaluateRun(
  options: EvaluateOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<EvaluateResult> {
  const { evaluateRun: run } = await import('./evaluate.ts');
  return run(options, emit, signal);
}

/** Every method, or the one of an id; see `list-methods.ts`. */
export async function listMethods(id?: string): Promise<MethodSummary[]> {
  const { listMethods: list } = await import('./list-methods.ts');
  return list(id);
}

/** Every data set that has a name, or the one of a name; see `datasets.ts`. */
export async function listDataSets(id?: string): Promise<DataSetSummary[]> {
  const { listDataSets: list } = await import('./datasets.ts');
  return list(id);
}

/** Opens a data set by path or name; see `data/sets/open-data-set.ts`. */
export async function openDataSet(pathOrName: string, options?: DataSetOptions): Promise<DataSet> {
  const { openDataSet: open } = await import('../data/index.ts');
  return open(pathOrName, options);
}

/** Looks at what the machine offers and what is wrong; see `doctor.ts`. */
export async function examine(): Promise<DoctorReport> {
  const { examine: run } = await import('./doctor.ts');
  return run();
}

/** Finds images of a run by words or by a picture; see `search.ts`. */
export async function searchRun(options: SearchOptionsInput, emit?: Emit, signal?: AbortSignal): Promise<SearchResult> {
  const { searchRun: run } = await import('./search.ts');
  return run(options, emit, signal);
}

/** Draws the papers' figures of a run; see `figures.ts`. */
export async function drawFigures(
  options: FiguresOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<FiguresResult> {
  const { drawFigures: run } = await import('./figures.ts');
  return run(options, emit, signal);
}
