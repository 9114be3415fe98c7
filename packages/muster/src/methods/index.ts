import { MusterError, suggestName } from '../base/index.ts';
import { agglomerative } from './agglomerative.ts';
import { birch } from './birch.ts';
import { dbscan } from './dbscan.ts';
import { kMeans } from './k-means.ts';
import { mixture } from './mixture.ts';
import type { Method } from './method.ts';
import { nmf } from './nmf.ts';
import { scan } from './scan.ts';
import { spectral } from './spectral.ts';
import { tac } from './tac.ts';
import { tsp } from './tsp.ts';
import { umap } from './umap.ts';
import { zeroShot } from './zero-shot.ts';

export type {
  Assignment,
  EmbeddingData,
  Fitted,
  Labelling,
  Method,
  MethodContext,
  NeighbourLists,
  Needs,
  Promises,
  TextData,
  Usage,
} from './method.ts';
export { joinModalities, retrieveCounterparts } from './tac/counterparts.ts';
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
];

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
