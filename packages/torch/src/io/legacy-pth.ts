import { elementSize } from '../dtype.ts';
import { scope } from '../index.ts';
import type { DType } from '../dtype.ts';
import type { Tensor } from '../index.ts';
import { ByteCursor } from './byte-cursor.ts';
import { formatError } from './format-error.ts';
import type { Refuse } from './format-error.ts';
import { readPickle } from './pickle.ts';
import { PickleDict, PickleList, PickleTensor } from './pickle-values.ts';
import type { PickleValue, StorageReference } from './pickle-values.ts';
import { storageTypes } from './pth-tensors.ts';
import { tensorFromBytes } from './raw-tensor.ts';
import { InputFile } from './read-file.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const ZIP = 'PK';
/** Tensors may share storages (tied weights), but together take no more than this many times the file. */
const MAX_SHARING = 8;

/** The state dict of a legacy file before its storages are read: what each tensor is, and where each storage begins. */
interface LegacyState {
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /** First byte of each storage, by key. */
  readonly places: ReadonlyMap<string, number>;
}

/**
 * Reads the state dict of a .pth file in PyTorch's format from before 1.6 (five pickles, then raw storages), through a
 * restricted reader that executes nothing: closed lists of operations and names, every storage, offset and stride checked
 * against the file before memory is taken. The tensors come row-major, each with its own memory.
 *
 * Refused with `E_FORMAT` and the file's name: the zip format, anything else than a flat dictionary of tensors, anything cut
 * short or left over.
 */
export function readLegacyPth(path: string): Map<string, Tensor> {
  const refuse: Refuse = (problem) => {
    throw formatError('readLegacyPth', path, problem);
  };
  const file = new InputFile(path, 'readLegacyPth');
  try {
    const state = readState(file, refuse);
    return scope(() => readTensors(file, state));
  } finally {
    file.close();
  }
}

function readState(file: InputFile, refuse: Refuse): LegacyState {
  refuseOtherFormats(file, refuse);
  const cursor = new ByteCursor(file, refuse);
  const magic = readPickle(cursor, refuse);
  if (magic !== MAGIC) return refuse('not a legacy PyTorch file: the magic number is missing');
  const protocol = readPickle(cursor, refuse);
  if (protocol !== PROTOCOL) return refuse('not a legacy PyTorch file of protocol 1001');
  const system = readPickle(cursor, refuse);
  if (!(system instanceof PickleDict) || system.entries.get('little_endian') !== true)
    refuse('it was not written by a little-endian machine');
  const tensors = stateDict(readPickle(cursor, refuse), refuse);
  checkTotal(tensors, file.size, refuse);
  const keys = storageKeys(readPickle(cursor, refuse), refuse);
  return { tensors, places: placeStorages(cursor, keys, distinctStorages(tensors, refuse), file.size, refuse) };
}

function refuseOtherFormats(file: InputFile, refuse: Refuse): void {
  const first = String.fromCharCode(...file.read(0, Math.min(2, file.size)));
  if (first === ZIP) {
    refuse(
      'a zip archive as torch.save writes since 1.6, not the legacy format; convert it to safetensors where it comes from (safetensors.torch.save_file)',
    );
  }
}

function stateDict(value: PickleValue, refuse: Refuse): Map<string, PickleTensor> {
  if (!(value instanceof PickleDict)) return refuse('it holds no state dict');
  const tensors = new Map<string, PickleTensor>();
  for (const [name, entry] of value.entries) {
    if (!(entry instanceof PickleTensor)) refuse(`${JSON.stringify(name)} of its dictionary is no tensor`);
    else tensors.set(name, entry);
  }
  return tensors;
}

function checkTotal(tensors: ReadonlyMap<string, PickleTensor>, fileSize: number, refuse: Refuse): void {
  let total = 0;
  for (const { storage, layout } of tensors.values()) {
    total += layout.shape.reduce((product, size) => product * size, elementSize(storageDType(storage)));
  }
  if (total > MAX_SHARING * fileSize)
    refuse(`its tensors would take ${total} bytes, more than ${MAX_SHARING} times the file`);
}

function storageKeys(value: PickleValue, refuse: Refuse): string[] {
  if (!(value instanceof PickleList)) return refuse('the list of its storages is missing');
  const keys = value.items.filter((key) => typeof key === 'string');
  if (keys.length !== value.items.length || new Set(keys).size !== keys.length)
    refuse('the list of its storages is not one of distinct texts');
  return keys;
}

function distinctStorages(tensors: ReadonlyMap<string, PickleTensor>, refuse: Refuse): Map<string, StorageReference> {
  const storages = new Map<string, StorageReference>();
  for (const { storage } of tensors.values()) {
    const known = storages.get(storage.key) ?? storage;
    if (known.type !== storage.type || known.count !== storage.count)
      refuse(`storage ${storage.key} is described in two ways`);
    storages.set(storage.key, storage);
  }
  return storages;
}

/** Walks over the storages: each an int64 count and its elements, in the order of the keys, up to the end of the file. */
function placeStorages(
  cursor: ByteCursor,
  keys: readonly string[],
  storages: ReadonlyMap<string, StorageReference>,
  fileSize: number,
  refuse: Refuse,
): Map<string, number> {
  const places = new Map<string, number>();
  if (keys.length !== storages.size) refuse(`it lists ${keys.length} storages and uses ${storages.size}`);
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined) return refuse(`it lists a storage ${JSON.stringify(key)} that no tensor uses`);
    const count = cursor.natural64();
    if (count !== storage.count) refuse(`storage ${key} should have ${storage.count} elements and has ${count}`);
    const end = cursor.position + storageBytes(storage);
    if (end > fileSize) refuse(`cut short: storage ${key} ends at byte ${end} of ${fileSize}`);
    places.set(key, cursor.position);
    cursor.position = end;
  }
  if (cursor.position !== fileSize) refuse(`${fileSize - cursor.position} bytes follow the last storage`);
  return places;
}

function readTensors(file: InputFile, { tensors, places }: LegacyState): Map<string, Tensor> {
  const flats = new Map<string, Tensor>();
  for (const { storage } of tensors.values()) {
    if (flats.has(storage.key)) continue;
    const bytes = file.read(places.get(storage.key) ?? 0, storageBytes(storage));
    flats.set(storage.key, tensorFromBytes(bytes, storageDType(storage), [storage.count]));
  }
  const read = new Map<string, Tensor>();
  for (const [name, { storage, layout }] of tensors) {
    const strided = flats.get(storage.key)?.asStrided(layout.shape, layout.strides, layout.offset);
    if (strided !== undefined) read.set(name, strided.clone({ memoryFormat: 'contiguous' }));
  }
  return read;
}

function storageDType(storage: StorageReference): DType {
  return storageTypes.get(storage.type) ?? 'float32';
}

function storageBytes(storage: StorageReference): number {
  return storage.count * elementSize(storageDType(storage));
}
