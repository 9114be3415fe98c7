/**
 * The contract of a method. A method is one file that calls `defineMethod` or `defineImageMethod`, one line in index.ts, and a recipe; the conformance suite
 * then runs over it.
 */
export { CentreModel, varianceAround } from './method/centre-model.ts';
export { defineImageMethod } from './method/define-image.ts';
export type { ImageMethodDefinition } from './method/define-image.ts';
export { defineMethod } from './method/define.ts';
export type { MethodDefinition } from './method/define.ts';
export { HeadModel } from './method/head-model.ts';
export { findNeighbours, poolOption, poolValues, uniformWeights } from './method/neighbours.ts';
export type { FoundNeighbours, NeighbourSearch } from './method/neighbours.ts';
export { fingerprintOf } from './method/fingerprint.ts';
export { PrototypeModel, varianceAroundNearest } from './method/prototype-model.ts';
export { rowOptions, rowScalings, RowScaling, settingNumber, storedTensor } from './method/scaling.ts';
export type { RowScalingName } from './method/scaling.ts';
export type {
  Assigner,
  Assignment,
  EmbeddingData,
  EmbeddingFitted,
  EmbeddingMethod,
  Fit,
  Fitted,
  ImageAssigner,
  ImageData,
  ImageFit,
  ImageFitted,
  ImageMethod,
  ImageModel,
  ImageShape,
  Labelling,
  Method,
  MethodContext,
  Model,
  NeighbourLists,
  Needs,
  Promises,
  StoredModel,
  TextData,
  Usage,
  WordReading,
} from './method/types.ts';
export { usageOf } from './method/usage.ts';
