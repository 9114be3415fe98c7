/** Layers with PyTorch's names and semantics, initialisations, and folding for inference. */
export { Parameter } from '../index.ts';
export { Module, snakeCase } from './module.ts';
export type { Layer, ModuleTarget } from './module.ts';
export type { LoadOptions } from './state-dict.ts';
export { ModuleList, Sequential } from './containers.ts';
export { Linear } from './linear.ts';
export { Conv2d } from './conv.ts';
export type { Conv2dOptions, Pair } from './conv.ts';
export { BatchNorm1d, BatchNorm2d, LayerNorm } from './normalisation.ts';
export type { BatchNormOptions } from './normalisation.ts';
export {
  GELU,
  Identity,
  LogSoftmax,
  QuickGELU,
  ReLU,
  ReLU6,
  SiLU,
  Sigmoid,
  Softmax,
  Tanh,
  activations,
} from './activation.ts';
export type { ActivationName } from './activation.ts';
export { AdaptiveAvgPool2d, AvgPool2d, Flatten, MaxPool2d } from './pooling.ts';
export type { PoolOptions } from './pooling.ts';
export { DropPath, Dropout } from './dropout.ts';
export type { DropOptions } from './dropout.ts';
export { Embedding } from './embedding.ts';
export { MultiHeadAttention } from './attention.ts';
export type { AttentionMask, AttentionOptions } from './attention.ts';
export { LayerScale, Mlp, TransformerBlock } from './transformer.ts';
export type { TransformerBlockOptions } from './transformer.ts';
export { interpolate } from './interpolate.ts';
export type { InterpolateOptions } from './interpolate.ts';
export { foldBatchNorm } from './fold-batch-norm.ts';
export type { Affine, Statistics } from './fold-batch-norm.ts';
export * as init from './init.ts';
export { initConvolutional_, initTruncNormalTransformer_, initXavierTransformer_ } from './init-network.ts';
