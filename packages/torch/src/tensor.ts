/** The tensor: a handle of the engine with what JavaScript wants to know of it. Its operators are generated methods. */
import { dtypeCodes, deviceOf, dtypeOf, elementSize, type Device, type DType } from './dtype.ts';
import { TorchError } from './errors.ts';
import type { TensorOperators } from './generated/operators.js';
import { disown, release, track } from './lifetime.ts';
import { native } from './native.ts';
import { recorder } from './recorder.ts';

const wire = new Float64Array(native.wire, 0, 1 << 16);

interface Meta {
  shape: number[];
  dtype: DType;
  device: Device;
  requiresGrad: boolean;
  numel: number;
  strided: boolean;
  strides: number[];
}

export type TypedArray =
  | Float32Array
  | Float64Array
  | Float16Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

export interface BackwardOptions {
  /** Keep the graph for another pass. */
  retainGraph?: boolean;
  /** Record the pass itself, for second derivatives. Implies `retainGraph`. */
  createGraph?: boolean;
}

/* eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the operators are put on the prototype in operators.ts */
export class Tensor {
  /** Number in the engine's table; 0 after `dispose`, negative while recording. */
  handle: number;

  /** Takes over a handle of the engine. Use `tensor` and the factories to make one. */
  constructor(handle: number) {
    this.handle = handle;
    if (handle > 0) track(this, handle);
  }

  get shape(): readonly number[] {
    return metaOf(this).shape;
  }

  get dtype(): DType {
    return metaOf(this).dtype;
  }

  get device(): Device {
    return metaOf(this).device;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return metaOf(this).shape.length;
  }

  /** Number of elements. */
  get numel(): number {
    return metaOf(this).numel;
  }

  /** Strides in elements; empty for a layout that has none. */
  get strides(): readonly number[] {
    return metaOf(this).strides;
  }

  get requiresGrad(): boolean {
    return metaOf(this).requiresGrad;
  }

  get disposed(): boolean {
    return this.handle === 0;
  }

  /** The accumulated gradient: a new tensor object over the same memory each time, or null. */
  get grad(): Tensor | null {
    native.gradsOf(Float64Array.of(liveHandle(this)));
    const handle = wire[0] ?? 0;
    return handle === 0 ? null : new Tensor(handle);
  }

  set grad(value: Tensor | null) {
    native.setGrads(Float64Array.of(liveHandle(this)), Float64Array.of(value === null ? 0 : liveHandle(value)));
  }

  /** Frees the memory now, if nothing else of the engine uses it. Twice does no harm. */
  dispose(): void {
    if (this.handle > 0) release(this, this.handle);
    this.handle = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Accumulates the gradients of this tensor into the leaves that require them.
   *
   * @param gradient the gradient of this tensor; not needed for a scalar
   * @throws TorchError `E_TORCH` without a graph, or on a second pass without `retainGraph`
   */
  backward(gradient: Tensor | null = null, { retainGraph, createGraph = false }: BackwardOptions = {}): void {
    if (recorder.active !== null) {
      if (gradient !== null || retainGraph !== undefined || createGraph) {
        throw new TorchError('E_ARG', 'backward', 'a recorded pass begins at a scalar and takes no options');
      }
      return recorder.active.backward(this.handle);
    }
    const gradients = gradient === null ? new Float64Array(0) : Float64Array.of(liveHandle(gradient));
    native.backward(Float64Array.of(liveHandle(this)), gradients, retainGraph ?? createGraph, createGraph);
  }

  /**
   * The value of a tensor with one element; booleans give 0 or 1.
   *
   * @throws TorchError `E_ARG` for an integer beyond 2^53, `E_TORCH` for more than one element
   */
  item(): number {
    return native.item(liveHandle(this));
  }

  /** On the CPU; itself if it is there. */
  cpu(): Tensor {
    return this.device === 'cpu' ? this : this.to({ device: 'cpu' });
  }

  /** On a CUDA device. */
  cuda(index = 0): Tensor {
    return this.to({ device: `cuda:${index}` });
  }

  /** A copy of the elements, row-major, in the typed array of the dtype (bool: Uint8Array; bfloat16 and 8-bit floats: Float32Array). */
  toTypedArray(): TypedArray {
    return copyOf(this, arrayTypes[this.dtype] === undefined ? 'float32' : this.dtype);
  }

  toFloat32Array(): Float32Array {
    return copyOf(this, 'float32') as Float32Array;
  }

  toFloat64Array(): Float64Array {
    return copyOf(this, 'float64') as Float64Array;
  }

  /** A copy of the elements as plain numbers. @throws TorchError `E_ARG` for an integer beyond 2^53 */
  toNumbers(): number[] {
    const values = this.toTypedArray();
    if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return Array.from(values);
    return Array.from(values, (value) => {
      const number = Number(value);
      if (!Number.isSafeInteger(number))
        throw new TorchError('E_ARG', 'toNumbers', `${value} lies beyond 2^53: use toTypedArray`);
      return number;
    });
  }

  /** The elements as nested arrays, for small tensors; a number for a scalar. */
  toNested(): unknown {
    const values = this.toNumbers();
    const { shape } = this;
    let position = 0;
    const build = (d: number): unknown =>
      d === shape.length ? values[position++] : Array.from({ length: shape[d] ?? 0 }, () => build(d + 1));
    return build(0);
  }

  /**
   * The elements of a contiguous CPU tensor without a copy. The view shares its memory, and keeps it alive by itself.
   *
   * @throws TorchError `E_ARG` if the tensor is not contiguous or on another device
   */
  dataBuffer(): { buffer: ArrayBuffer; byteOffset: number; byteLength: number } {
    const { numel, dtype } = metaOf(this);
    const buffer = native.toBuffer(this.handle);
    return { buffer, byteOffset: wire[0] ?? 0, byteLength: numel * elementSize(dtype) };
  }

  /** As in error messages: `float32[2, 3]`. */
  toString(): string {
    if (this.handle === 0) return 'disposed tensor';
    const { dtype, shape, device } = metaOf(this);
    return `${dtype}[${shape.join(', ')}]${device === 'cpu' ? '' : ` ${device}`}`;
  }
}

/* eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type */
export interface Tensor extends TensorOperators {}

/** A tensor that is trained: its gradients are accumulated, and a module counts it among its parameters. */
export class Parameter extends Tensor {
  /** Takes the tensor over: the given object is no longer of use. */
  constructor(source: Tensor) {
    super(disown(source.detach()));
    source.dispose();
    native.setRequiresGrad(this.handle, true);
  }
}

/** The handle of a tensor that is alive. */
export function liveHandle(tensor: Tensor): number {
  if (tensor.handle > 0) return tensor.handle;
  if (tensor.handle < 0)
    throw new TorchError('E_ARG', 'recording', 'a recorded tensor has no shape and no values before it has run');
  throw new TorchError('E_DISPOSED', 'tensor', 'the tensor was disposed of');
}

/** Handles of live tensors as native code takes them; null gives 0. */
export function handlesOf(tensors: readonly (Tensor | null)[]): Float64Array {
  return Float64Array.from(tensors, (tensor) => (tensor === null ? 0 : liveHandle(tensor)));
}

function metaOf(tensor: Tensor): Meta {
  native.meta(liveHandle(tensor));
  const dim = wire[0] ?? 0;
  const at = (i: number): number => wire[1 + dim + i] ?? 0;
  const strided = at(5) === 0;
  return {
    shape: Array.from(wire.subarray(1, 1 + dim)),
    dtype: dtypeOf(at(0)),
    device: deviceOf(at(1), at(2)),
    requiresGrad: at(3) === 1,
    numel: at(4),
    strided,
    strides: strided ? Array.from(wire.subarray(7 + dim, 7 + 2 * dim)) : [],
  };
}

type ArrayType = new (buffer: ArrayBuffer) => TypedArray;

/** The dtypes that JavaScript has an array for. */
const arrayTypes: Partial<Record<DType, ArrayType>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};

function copyOf(source: Tensor, dtype: DType): TypedArray {
  const detached = source.detach();
  const cpu = detached.cpu();
  const cast = cpu.dtype === dtype ? cpu : cpu.to(dtype);
  const flat = cast.contiguous();
  const bytes = new Uint8Array(flat.numel * elementSize(dtype));
  native.copyOut(flat.handle, bytes);
  for (const made of new Set([detached, cpu, cast, flat])) made.dispose();
  const type = arrayTypes[dtype];
  if (type === undefined) throw new TorchError('E_ARG', 'toTypedArray', `JavaScript has no array of ${dtype}`);
  return new type(bytes.buffer);
}

const dtypesByArray = new Map<string, DType>(
  Object.entries(arrayTypes)
    .filter(([dtype]) => dtype !== 'bool')
    .map(([dtype, type]) => [type.name, dtype as DType]),
);
dtypesByArray.set('Uint8ClampedArray', 'uint8');

/** A typed array as a tensor over the same memory. */
export function fromTypedArray(data: TypedArray, shape: readonly number[]): Tensor {
  const dtype = dtypesByArray.get(data.constructor.name);
  if (dtype === undefined) throw new TorchError('E_ARG', 'tensor', `no dtype for a ${data.constructor.name}`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length)
    throw new TorchError(
      'E_ARG',
      'tensor',
      `the shape [${shape.join(', ')}] needs ${count} elements, ${data.length} were given`,
    );
  if (!(data.buffer instanceof ArrayBuffer))
    throw new TorchError('E_ARG', 'tensor', 'a SharedArrayBuffer cannot be pinned: copy it first');
  return new Tensor(native.fromBuffer(data.buffer, data.byteOffset, dtypeCodes[dtype], Float64Array.from(shape)));
}
