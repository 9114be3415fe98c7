import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { constants as zlib, gunzip, gunzipSync } from 'node:zlib';
import { MusterError, errorCode, formatBytes } from '../base/index.ts';
import { fileError } from '../image/index.ts';

/** A file that is open for reading pieces of it. */
export interface BinaryFile {
  /** What to call it in errors. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /**
   * Exactly `length` bytes from `position`; they may be shared with other readers.
   * @throws MusterError `CHANGED` where the file became shorter
   */
  read(position: number, length: number): Uint8Array;
  close(): void;
}

const inflate = promisify(gunzip);

/**
 * Opens a regular file; links are followed, pipes and devices never waited for.
 *
 * @param name what to call it in errors
 * @throws MusterError `PERMISSION`, `VANISHED`, `SPECIAL`, `READ`
 */
export function openBinaryFile(path: string, name: string): BinaryFile {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw fileError(error, name);
  }
  const found = fstatSync(handle);
  if (!found.isFile()) {
    closeSync(handle);
    throw new MusterError('SPECIAL', 'is no regular file', { where: name });
  }
  let isOpen = true;
  const read = (position: number, length: number): Uint8Array => {
    const bytes = plain(Buffer.allocUnsafeSlow(length));
    for (let filled = 0; filled < length;) {
      const bytesRead = readSync(handle, bytes, filled, length - filled, position + filled);
      if (bytesRead === 0) throw shorter(name);
      filled += bytesRead;
    }
    return bytes;
  };
  const close = (): void => {
    if (isOpen) closeSync(handle);
    isOpen = false;
  };
  return { name, sizeBytes: found.size, mtimeMs: found.mtimeMs, read, close };
}

/** Bytes in memory as a {@link BinaryFile}. */
export function memoryFile(bytes: Uint8Array, name: string, mtimeMs: number): BinaryFile {
  const own = plain(bytes);
  const read = (position: number, length: number): Uint8Array => {
    if (position + length > own.length) throw shorter(name);
    return own.subarray(position, position + length);
  };
  return { name, sizeBytes: bytes.length, mtimeMs, read, close: () => undefined };
}

/** The same bytes as no Buffer, which tensors do not take. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The error of a file that is shorter than it was. */
export function shorter(name: string): MusterError {
  return new MusterError('CHANGED', 'became shorter while it was read', { where: name });
}

/** Whether a file is gzip's, by its first bytes. */
export function isGzip(file: BinaryFile): boolean {
  if (file.sizeBytes < 18) return false;
  const start = file.read(0, 2);
  return start[0] === 0x1f && start[1] === 0x8b;
}

/**
 * The first bytes of a file, unpacked where it is gzip's; fewer where it ends before.
 *
 * @throws MusterError `data.format` where the compression is damaged
 */
export function firstBytes(file: BinaryFile, length: number): Uint8Array {
  if (!isGzip(file)) return file.read(0, Math.min(length, file.sizeBytes));
  const start = file.read(0, Math.min(4096, file.sizeBytes));
  try {
    // 4 kB unpack to 4 MB at most.
    return gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, length);
  } catch (error) {
    throw damaged(error, file.name, length);
  }
}

/**
 * A gzip file unpacked in memory.
 *
 * @param most bytes that it may have: memory grows with what is there, up to this
 * @throws MusterError `TRUNCATED`, `data.format`
 */
export async function unpackFile(file: BinaryFile, most: number): Promise<BinaryFile> {
  try {
    const bytes = await inflate(file.read(0, file.sizeBytes), { maxOutputLength: most });
    return memoryFile(bytes, file.name, file.mtimeMs);
  } catch (error) {
    throw damaged(error, file.name, most);
  }
}

function damaged(error: unknown, where: string, most: number): unknown {
  const code = errorCode(error) ?? '';
  const fix = 'bring it anew';
  if (code === 'Z_BUF_ERROR')
    return new MusterError('TRUNCATED', 'the compressed file is cut short', { where, fix, cause: error });
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new MusterError('data.format', `unpacks to more than the ${formatBytes(most)} that it should`, {
      where,
      fix,
    });
  if (code.startsWith('Z_'))
    return new MusterError('data.format', 'its compression is damaged', { where, fix, cause: error });
  return error;
}
