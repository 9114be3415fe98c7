import type { DType } from '../dtype.ts';
import type { Refuse } from './format-error.ts';
import { PickleGlobal, PickleTensor, PickleTuple, StorageReference } from './pickle-values.ts';
import type { PickleValue, TensorLayout } from './pickle-values.ts';

/** Storage types that a file may name, by what follows `torch ` in the pickle, with the dtype of their elements. */
export const storageTypes: ReadonlyMap<string, DType> = new Map([
  ['DoubleStorage', 'float64'],
  ['FloatStorage', 'float32'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
]);

/** Most dimensions of a tensor that are read. */
const MAX_RANK = 8;
const LOCATION = /^(cpu|cuda(:\d+)?)$/;

/** ('storage', type, key, location, count, None): the only persistent id there is. The location is not followed. */
export function readStorageReference(id: PickleValue, refuse: Refuse): StorageReference {
  if (!(id instanceof PickleTuple) || id.items.length !== 6) return refuse('a persistent id is no tuple of six');
  const [tag, type, key, location, count, view] = id.items;
  if (tag !== 'storage') return refuse('a persistent id is no storage');
  if (!(type instanceof PickleGlobal) || !type.name.startsWith('torch ')) return refuse('a storage has no type');
  const typeName = type.name.slice('torch '.length);
  if (!storageTypes.has(typeName)) return refuse(`${type.name} is no type of storage`);
  if (typeof key !== 'string') return refuse('the key of a storage is no text');
  if (typeof location !== 'string' || !LOCATION.test(location))
    return refuse(`storage ${key} lies on an unknown device`);
  if (!isNatural(count)) return refuse(`storage ${key} has no count of elements`);
  if (view !== null) return refuse(`storage ${key} is a view of another`);
  return new StorageReference(typeName, key, count);
}

/** (storage, offset, shape, strides, requires_grad, hooks): the arguments of torch._utils._rebuild_tensor_v2. */
export function readTensor(argumentsTuple: PickleTuple, refuse: Refuse): PickleTensor {
  if (argumentsTuple.items.length !== 6) return refuse('a tensor has not six arguments');
  const [storage, offset, shapeTuple, strideTuple, requiresGrad, hooks] = argumentsTuple.items;
  if (!(storage instanceof StorageReference)) return refuse('a tensor has no storage');
  const shape = naturals(shapeTuple);
  const strides = naturals(strideTuple);
  if (!isNatural(offset) || shape === null || strides === null)
    return refuse('offset, shape or strides are no natural numbers');
  if (shape.length !== strides.length || shape.length > MAX_RANK)
    return refuse('shape and strides do not fit together');
  if (typeof requiresGrad !== 'boolean') return refuse('requires_grad of a tensor is no boolean');
  if (hooks instanceof PickleTuple || hooks === undefined) return refuse('the hooks of a tensor are no dictionary');
  checkBounds({ offset, shape, strides }, storage, refuse);
  return new PickleTensor(storage, { offset, shape, strides });
}

function checkBounds({ offset, shape, strides }: TensorLayout, storage: StorageReference, refuse: Refuse): void {
  const elements = shape.reduce((product, size) => product * BigInt(size), 1n);
  // A view with more elements than its storage repeats them: a few bytes could claim any amount of memory.
  if (elements > BigInt(storage.count))
    refuse(`[${shape.join(', ')}] is more than the ${storage.count} elements of its storage`);
  let last = BigInt(offset);
  shape.forEach((size, axis) => {
    if (size > 0) last += BigInt(size - 1) * BigInt(strides[axis] ?? 0);
  });
  const end = elements === 0n ? BigInt(offset) : last + 1n;
  if (end > BigInt(storage.count)) {
    refuse(
      `offset ${offset}, [${shape.join(', ')}], strides [${strides.join(', ')}] reach beyond the storage of ${storage.count}`,
    );
  }
}

function naturals(tuple: PickleValue | undefined): number[] | null {
  if (!(tuple instanceof PickleTuple)) return null;
  const numbers = tuple.items.filter(isNatural);
  return numbers.length === tuple.items.length ? numbers : null;
}

function isNatural(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
