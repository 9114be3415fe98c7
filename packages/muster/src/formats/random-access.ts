/** Bytes that can be read at any position: an open file, an unpacked archive, memory. */
export interface RandomAccess {
  readonly sizeBytes: number;
  /** Up to `length` bytes from `position`; fewer only at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** {@link RandomAccess} over bytes in memory. */
export function memoryAccess(bytes: Uint8Array): RandomAccess {
  return {
    sizeBytes: bytes.length,
    read: (position, length) => Promise.resolve(bytes.subarray(position, position + length)),
  };
}
