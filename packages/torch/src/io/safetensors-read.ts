import { TorchError } from '../errors.ts';
import { elementSize } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import type { Tensor } from '../index.ts';
import { formatError } from './format-error.ts';
import { FileMapping, tensorFromBytes } from './raw-tensor.ts';
import { InputFile } from './read-file.ts';
import { LENGTH_BYTES, parseSafetensorsHeader, readHeaderLength } from './safetensors-header.ts';
import type { SafetensorsHeader, TensorInfo } from './safetensors-header.ts';
import { elementTypes } from './safetensors-types.ts';

/**
 * A safetensors file, mapped into memory: only the parts that are used are read. Tensors stay valid after `close`.
 * A refusal is a `TorchError` with code `E_FORMAT` that names the file.
 */
export class SafetensorsFile {
  readonly path: string;
  private readonly file: InputFile;
  private readonly header: SafetensorsHeader;
  private mapping: FileMapping | null = null;

  /** Reads and checks the header; see {@link openSafetensors}. */
  constructor(path: string) {
    this.path = path;
    this.file = new InputFile(path, 'safetensors');
    try {
      const { size } = this.file;
      const length = readHeaderLength(this.file.read(0, Math.min(LENGTH_BYTES, size)), size, path);
      this.header = parseSafetensorsHeader(this.file.read(LENGTH_BYTES, length), size, path);
    } catch (error) {
      this.file.close();
      throw error;
    }
  }

  /** The tensors' names in the order of the header. */
  get names(): readonly string[] {
    return [...this.header.tensors.keys()];
  }

  /** The file's `__metadata__`; empty where it has none. */
  get metadata(): ReadonlyMap<string, string> {
    return this.header.metadata;
  }

  /** Type, shape and place of a tensor. */
  info(name: string): TensorInfo {
    const info = this.header.tensors.get(name);
    if (info === undefined)
      throw new TorchError('E_ARG', 'safetensors', `${this.path}: there is no tensor ${JSON.stringify(name)}`);
    return info;
  }

  /**
   * A tensor of the file in its stored type, over the mapped file where the file aligns it, else copied.
   * Refused for types that libtorch has no equal of (F4, F6_E2M3, F6_E3M2): use {@link bytes}.
   */
  get(name: string): Tensor {
    const info = this.info(name);
    const dtype = engineType(info, name, this.path);
    const offset = this.header.dataStart + info.begin;
    if (info.begin === info.end || offset % elementSize(dtype) !== 0)
      return tensorFromBytes(this.bytes(name), dtype, info.shape);
    this.file.checkSize();
    this.mapping ??= new FileMapping(this.path);
    return this.mapping.tensor(offset, dtype, info.shape);
  }

  /** A copy of a tensor's bytes as they are stored, of any type. */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    const { begin, end } = this.info(name);
    return this.file.read(this.header.dataStart + begin, end - begin);
  }

  close(): void {
    this.file.close();
    this.mapping?.close();
    this.mapping = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens a safetensors file, mapped; the caller closes it (`using`). */
export function openSafetensors(path: string): SafetensorsFile {
  return new SafetensorsFile(path);
}

/** All tensors of a safetensors file by name, in its order, over the mapped file where it is aligned. */
export function readSafetensors(path: string): Map<string, Tensor> {
  using file = openSafetensors(path);
  return collect(file.names, (name) => file.get(name));
}

/**
 * All tensors of a safetensors file that is already in memory. They look into `bytes` where it aligns them, so `bytes`
 * must not be changed afterwards.
 *
 * @param name what to call the bytes in messages
 */
export function parseSafetensors(bytes: Uint8Array, name: string): Map<string, Tensor> {
  const length = readHeaderLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, name);
  const { tensors, dataStart } = parseSafetensorsHeader(
    bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length),
    bytes.length,
    name,
  );
  const data = bytes.subarray(dataStart);
  return collect(tensors.keys(), (key) => {
    const info = tensors.get(key);
    if (info === undefined) throw formatError('safetensors', name, `there is no tensor ${key}`);
    return tensorFromBytes(data.subarray(info.begin, info.end), engineType(info, key, name), info.shape);
  });
}

function engineType(info: TensorInfo, name: string, file: string): DType {
  const { dtype } = elementTypes[info.type];
  if (dtype === null) {
    throw formatError(
      'safetensors',
      file,
      `tensor ${JSON.stringify(name)} is ${info.type}, which libtorch has not: read its bytes`,
    );
  }
  return dtype;
}

/** Collects tensors under their names; if one cannot be made, those before it are freed. */
function collect(names: Iterable<string>, make: (name: string) => Tensor): Map<string, Tensor> {
  const made = new Map<string, Tensor>();
  try {
    for (const name of names) made.set(name, make(name));
  } catch (error) {
    for (const tensor of made.values()) tensor.dispose();
    throw error;
  }
  return made;
}
