/** Gradients, and the modes in which operators run. */
import { deviceCode, dtypeCodes, type Device, type DType } from './dtype.ts';
import { TorchError } from './errors.ts';
import { native } from './native.ts';
import { recorder } from './recorder.ts';
import { handlesOf, Tensor } from './tensor.ts';

const wire = new Float64Array(native.wire, 0, 1 << 16);
let gradEnabled = true;
let autocastDtype: DType | null = null;

/** Whether operators are recorded for a backward pass. */
export const isGradEnabled = (): boolean => gradEnabled;

/** The dtype that autocast computes in on the CPU, or null. */
export const autocastDtypeInUse = (): DType | null => autocastDtype;

function inGradMode<T>(enabled: boolean, body: () => T): T {
  refuseWhileRecording('grad');
  const previous = native.setGradMode(enabled);
  gradEnabled = enabled;
  try {
    return synchronous('grad mode', body());
  } finally {
    native.setGradMode(previous);
    gradEnabled = previous;
  }
}

/** A program runs in one mode, which is given to `offThread`. */
function refuseWhileRecording(option: string): void {
  if (recorder.active !== null)
    throw new TorchError('E_ARG', option, `give the option '${option}' to offThread instead`);
}

function synchronous<T>(what: string, result: T): T {
  if (result instanceof Promise)
    throw new TorchError('E_ARG', what, 'its body must be synchronous: the mode would leak into other code');
  return result;
}

/** Runs `body` without recording a graph. */
export const noGrad = <T>(body: () => T): T => inGradMode(false, body);

/** Runs `body` recording a graph, inside of a `noGrad` for instance. */
export const withGrad = <T>(body: () => T): T => inGradMode(true, body);

/**
 * Runs `body` with matrix products and convolutions in a shorter dtype, as PyTorch's autocast.
 *
 * @param dtype `bfloat16` or `float16`; null switches autocast off inside
 */
export function autocast<T>(dtype: DType | null, body: () => T, device: Device = 'cpu'): T {
  refuseWhileRecording('autocast');
  const type = Math.floor(deviceCode(device) / 256);
  const previous = native.setAutocast(dtype === null ? -1 : dtypeCodes[dtype], type);
  const previousDtype = autocastDtype;
  if (type === 0) autocastDtype = dtype;
  try {
    return synchronous('autocast', body());
  } finally {
    native.setAutocast(previous, type);
    autocastDtype = previousDtype;
  }
}

export interface GradOptions {
  /** Gradients of the outputs; not needed for scalars. */
  gradOutputs?: readonly (Tensor | null)[];
  retainGraph?: boolean;
  createGraph?: boolean;
  /** Give null for an input that the outputs do not depend on, instead of an error. */
  allowUnused?: boolean;
}

/**
 * The gradients of `outputs` with respect to `inputs`; nothing is accumulated.
 *
 * @returns one tensor for each input, of its shape
 * @throws TorchError `E_TORCH` if an input is not part of the graph and `allowUnused` is not given
 */
export function grad(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const { gradOutputs = [], createGraph = false, retainGraph = createGraph, allowUnused = false } = options;
  native.gradients(
    handlesOf(outputs),
    handlesOf(inputs),
    handlesOf(gradOutputs),
    retainGraph,
    createGraph,
    allowUnused,
  );
  return readHandles(inputs.length);
}

/** The accumulated gradients of many tensors in one call; null where there is none. */
export function gradsOf(tensors: readonly Tensor[]): (Tensor | null)[] {
  native.gradsOf(handlesOf(tensors));
  return readHandles(tensors.length);
}

/** Forgets the accumulated gradients. */
export function clearGrads(tensors: readonly Tensor[]): void {
  native.setGrads(handlesOf(tensors), new Float64Array(tensors.length));
}

const readHandles = (count: number): (Tensor | null)[] => {
  const handles = wire.slice(0, count);
  return Array.from(handles, (handle) => (handle === 0 ? null : new Tensor(handle)));
};
