/**
 * The contract of a pretraining: images in, a backbone that embeds out; groups come from a method on its embeddings. A pretraining is
 * one file that calls `definePretraining`, one line in index.ts, and a recipe; the conformance suite then runs over it.
 */
export { definePretraining } from './pretraining/define.ts';
export type { PretrainingDefinition } from './pretraining/define.ts';
export type {
  Pretrained,
  PretrainedModel,
  Pretraining,
  PretrainingContext,
  PretrainingFit,
} from './pretraining/types.ts';
export type { ImageData, ImageShape, StoredModel } from '../train/index.ts';
