/**
 * libtorch for Node: every ATen operator as a typed function and a method, autograd, scopes, and what a training loop needs.
 *
 * @packageDocumentation
 */
export * from './operators.ts';
export { autocast, clearGrads, grad, gradsOf, isGradEnabled, noGrad, withGrad, type GradOptions } from './autograd.ts';
export { tensor, type Nested, type TensorOptions } from './create.ts';
export {
  elementSize,
  isFloatingPoint,
  type Device,
  type DType,
  type Layout,
  type MemoryFormat,
  type Scalar,
} from './dtype.ts';
export { engineInfo, hasFastBf16, type Cpu, type EngineInfo } from './engine-info.ts';
export { TorchError, type TorchErrorCode } from './errors.ts';
export { Generator, generator, manualSeed } from './generator.ts';
export {
  availableMemory,
  liveTensors,
  memoryStats,
  resetPeakMemory,
  setMemoryBudget,
  setThreads,
  threads,
  trimMemory,
  type MemoryStats,
} from './memory.ts';
export { offThread, type OffThreadOptions } from './off-thread.ts';
export { scope, tensorScope, TensorScope } from './scope.ts';
export { Parameter, Tensor, type BackwardOptions, type TypedArray } from './tensor.ts';
