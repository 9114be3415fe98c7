import { MusterError, suggestName } from '../base/index.ts';
import { agglomerative } from './agglomerative.ts';
import { birch } from './birch.ts';
import { dbscan } from './dbscan.ts';
import { kMeans } from './k-means.ts';
import { mixture } from './mixture.ts';
import { mmdc } from './mmdc.ts';
import type { EmbeddingMethod, ImageMethod, Method } from './method.ts';
import { nmf } from './nmf.ts';
import { scan } from './scan.ts';
import { scanImages } from './scan-images.ts';
import { spectral } from './spectral.ts';
import { tac } from './tac.ts';
import { tsp } from './tsp.ts';
import { umap } from './umap.ts';
import { zeroShot } from './zero-shot.ts';

export type {
  Assigner,
  Assignment,
  EmbeddingData,
  EmbeddingFitted,
  EmbeddingMethod,
  Fitted,
  ImageAssigner,
  ImageData,
  ImageFitted,
  ImageMethod,
  ImageShape,
  Labelling,
  Method,
  MethodContext,
  NeighbourLists,
  Needs,
  Promises,
  TextData,
  Usage,
  WordReading,
} from './method.ts';
export { mmdcEpoch } from './mmdc.ts';
export { mmdcOptions } from './mmdc/options.ts';
export type { MmdcOptions } from './mmdc/options.ts';
export { augmentation as mmdcAugmentation } from './mmdc/views.ts';
export { startMmdc } from './mmdc/start.ts';
export type { MmdcState } from './mmdc/start.ts';
export { HeldTargets, matchTargets } from './mmdc/held-targets.ts';
export type { Matching, Reassignment } from './mmdc/held-targets.ts';
export { renameGroups } from './mmdc/refine.ts';
export { nearestMeans, targetPoints } from './mmdc/targets.ts';
export type { Mixture } from './mmdc/targets.ts';
export { joinModalities, nounProbabilities, retrieveCounterparts } from './tac/counterparts.ts';
export { selectNouns, semanticCentres } from './tac/nouns.ts';
export type { NounOptions, NounRule, NounSelection } from './tac/nouns.ts';
export { findCentres as findTacCentres } from './tac/centres.ts';
export { tacOptions } from './tac/options.ts';
export type { TacOptions } from './tac/options.ts';
export { trainHeads as trainTacHeads } from './tac/train-heads.ts';
export { drawPlan as drawTacPlan, tacTraining } from './tac/training.ts';
export type { TacPlan, TacTrainingOptions } from './tac/training.ts';
export { tspTraining } from './tsp/training.ts';
export { gaussianWeights, headOfCentres } from './tsp/weights.ts';
export type { NeighbourWeights } from './tsp/weights.ts';
export { classVectors, zeroShotLogits } from './zero-shot/classify.ts';
export type { PromptEnsemble } from './zero-shot/classify.ts';

/** Every method. A new one is one file, one line here, and a recipe. */
export const methods: readonly Method[] = [
  kMeans,
  mixture,
  agglomerative,
  spectral,
  dbscan,
  birch,
  nmf,
  umap,
  tsp,
  scan,
  tac,
  zeroShot,
  mmdc,
  scanImages,
];

/** Whether a method trains its own network on images. */
export function needsImages(method: Method): method is ImageMethod {
  return method.needs === 'images';
}

/** A method as one on embeddings. @throws MusterError `methods.needs` where it trains its own network on images */
export function onEmbeddings(method: Method): EmbeddingMethod {
  if (!needsImages(method)) return method;
  throw new MusterError('methods.needs', `The method ${method.id} trains its own network on images.`, {
    fix: `run it by muster train ${method.id} <images>`,
    kind: 'usage',
  });
}

/** As {@link findMethod}, refusing methods on images. @throws MusterError `methods.unknown`, `methods.needs` */
export function findEmbeddingMethod(id: string): EmbeddingMethod {
  return onEmbeddings(findMethod(id));
}

/** The method of an id. @throws MusterError `methods.unknown` naming the one that was probably meant, or all */
export function findMethod(id: string): Method {
  const method = methods.find((candidate) => candidate.id === id);
  if (method !== undefined) return method;
  const known = methods.map((candidate) => candidate.id);
  throw new MusterError('methods.unknown', `There is no method ${id}.`, {
    fix: suggestName(id, known),
    kind: 'usage',
  });
}
