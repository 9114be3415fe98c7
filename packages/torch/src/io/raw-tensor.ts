import { dtypeCodes, elementSize } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import { native } from '../native.ts';
import { Tensor } from '../index.ts';

/**
 * A tensor over little-endian bytes: in place where their address allows it for the dtype and `copy` is not asked for,
 * else over a copy.
 */
export function tensorFromBytes(bytes: Uint8Array, dtype: DType, shape: readonly number[], copy = false): Tensor {
  const inPlace = !copy && bytes.buffer instanceof ArrayBuffer && bytes.byteOffset % elementSize(dtype) === 0;
  const source = inPlace ? bytes : new Uint8Array(bytes);
  return new Tensor(native.fromBuffer(source.buffer, source.byteOffset, dtypeCodes[dtype], Float64Array.from(shape)));
}

/** Copies the bytes of a contiguous CPU tensor into an array of just their length. */
export function copyBytes(tensor: Tensor, into: Uint8Array): void {
  native.copyOut(tensor.handle, into);
}

/** A file mapped into memory. Tensors of it keep the mapping alive after `close`. */
export class FileMapping {
  private readonly id: number;

  constructor(path: string) {
    this.id = native.mapFile(path);
  }

  /** A tensor over the file's bytes from `offset`, a multiple of the element size; writing to it does not reach the file. */
  tensor(offset: number, dtype: DType, shape: readonly number[]): Tensor {
    return new Tensor(native.fromMap(this.id, offset, dtypeCodes[dtype], Float64Array.from(shape)));
  }

  close(): void {
    native.unmap(this.id);
  }
}
