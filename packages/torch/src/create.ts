/** Tensors from values of JavaScript. */
import type { Device, DType } from './dtype.ts';
import { TorchError } from './errors.ts';
import { native } from './native.ts';
import type { Tensor } from './tensor.ts';
import { fromTypedArray, type TypedArray } from './tensor.ts';

export type Nested = number | boolean | readonly Nested[];

export interface TensorOptions {
  /** Converted to this; by default a typed array keeps its own, booleans give bool, numbers float32. */
  dtype?: DType;
  device?: Device;
  requiresGrad?: boolean;
}

function shapeOf(data: Nested): number[] {
  if (!Array.isArray(data)) return [];
  const list = data as readonly Nested[];
  return list.length === 0 ? [0] : [list.length, ...shapeOf(list[0] ?? 0)];
}

function flatten(data: Nested, shape: readonly number[], d: number, into: number[]): void {
  if (!Array.isArray(data)) {
    if (d !== shape.length) throw new TorchError('E_ARG', 'tensor', 'the nested arrays have different depths');
    into.push(Number(data));
    return;
  }
  const list = data as readonly Nested[];
  if (list.length !== shape[d])
    throw new TorchError('E_ARG', 'tensor', `the nested arrays have different lengths in dimension ${d}`);
  for (const element of list) flatten(element, shape, d + 1, into);
}

const firstLeaf = (data: Nested): number | boolean | undefined =>
  Array.isArray(data) ? firstLeaf((data as readonly Nested[])[0] ?? 0) : (data as number | boolean);

function fromNested(data: Nested): Tensor {
  const shape = shapeOf(data);
  const values: number[] = [];
  flatten(data, shape, 0, values);
  return fromTypedArray(Float64Array.from(values), shape);
}

function convert(made: Tensor, dtype: DType, device: Device | undefined): Tensor {
  if (made.dtype === dtype && (device === undefined || device === made.device)) return made;
  const converted = made.to({ dtype, device });
  made.dispose();
  return converted;
}

/**
 * A tensor from numbers.
 *
 * @param data a typed array is used in place, without a copy (also pinned: do not transfer its buffer); a number or nested
 *   arrays are copied
 * @param shape default: the length of a typed array, the nesting of arrays
 * @throws TorchError `E_ARG` if the numbers do not fill the shape
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * const y = tensor(new Float32Array(6), [2, 3]);
 */
export function tensor(
  data: TypedArray | Nested,
  shape?: readonly number[] | null,
  options: TensorOptions = {},
): Tensor {
  const typed = ArrayBuffer.isView(data);
  const made = typed ? fromTypedArray(data, shape ?? [data.length]) : fromNested(data);
  const natural = typed ? made.dtype : typeof firstLeaf(data) === 'boolean' ? 'bool' : 'float32';
  const converted = convert(made, options.dtype ?? natural, options.device);
  const result = !typed && shape ? reshaped(converted, shape) : converted;
  if (options.requiresGrad === true) native.setRequiresGrad(result.handle, true);
  return result;
}

function reshaped(made: Tensor, shape: readonly number[]): Tensor {
  const result = made.reshape(shape);
  made.dispose();
  return result;
}
