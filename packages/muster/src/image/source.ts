import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { MusterError, errorCode, errorMessage, formatBytes, limits as standard } from '../base/index.ts';
import type { FileCode, Limits } from '../base/index.ts';
import { encodePnm } from '../formats/index.ts';

/** One picture's bytes, wherever they are kept. */
export interface ImageSource {
  /** What to call it in errors and ledgers: escaped for showing. */
  readonly name: string;
  /** All bytes. @throws MusterError with one of base's file codes */
  read(): Promise<Uint8Array>;
}

/** What {@link readFileBytes} checks. */
export interface ReadOptions {
  /** Refuse a path whose last part is a link. Default false. */
  noFollow?: boolean;
  /** The size and time of the listing: another one now is `CHANGED`. */
  expected?: { readonly sizeBytes: number; readonly mtimeMs: number };
  limits?: Partial<Limits>;
}

/** {@link ImageSource} of bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ImageSource {
  return { name, read: () => Promise.resolve(bytes) };
}

/** Pixels of a picture as a data set keeps them. */
export interface RawPixels {
  /** uint8 [height, width, channels] */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * {@link ImageSource} of raw pixels. Its bytes are these pixels behind the few of a PGM's or PPM's header, so that they
 * are decoded, shown and checked like any other picture, without being encoded first.
 *
 * @param pixels called when the picture is read
 */
export function rasterSource(name: string, pixels: () => RawPixels): ImageSource {
  const encode = (raw: RawPixels): Uint8Array => encodePnm(raw.pixels, raw.width, raw.height, raw.channels);
  return { name, read: () => Promise.resolve().then(() => encode(pixels())) };
}

/** {@link ImageSource} of a file. Nothing is opened before `read`. */
export function fileSource(path: string | Buffer, name: string, options: ReadOptions = {}): ImageSource {
  return { name, read: () => readFileBytes(path, name, options) };
}

/**
 * Reads a regular file whole. Pipes, sockets and devices are never read, nor waited for.
 *
 * @throws MusterError `EMPTY`, `TOO_LARGE`, `PERMISSION`, `VANISHED`, `CHANGED`, `LINK`, `SPECIAL`, `READ`
 */
export async function readFileBytes(
  path: string | Buffer,
  name: string,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(
      path,
      constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (options.noFollow === true ? (constants.O_NOFOLLOW ?? 0) : 0),
    );
    const found = await handle.stat();
    if (!found.isFile()) throw new MusterError('SPECIAL', 'is no regular file', { where: name });
    const { expected } = options;
    if (expected !== undefined && (found.size !== expected.sizeBytes || found.mtimeMs !== expected.mtimeMs)) {
      throw new MusterError('CHANGED', 'was changed after it was listed', {
        where: name,
        fix: 'run again when nothing writes to the folder',
      });
    }
    const most = options.limits?.fileBytes ?? standard.fileBytes;
    if (found.size > most)
      throw new MusterError('TOO_LARGE', `has ${formatBytes(found.size)}, more than ${formatBytes(most)}`, {
        where: name,
      });
    if (found.size === 0) throw new MusterError('EMPTY', 'has no bytes', { where: name });
    return await readAll(handle, found.size, name);
  } catch (error) {
    throw error instanceof MusterError ? error : fileError(error, name);
  } finally {
    await handle?.close();
  }
}

/** Turns a file system's error into a `MusterError` with a file code. */
export function fileError(error: unknown, name: string): MusterError {
  const [code, what] = fileErrors[errorCode(error) ?? ''] ?? (['READ', errorMessage(error)] as const);
  return new MusterError(code, what, { where: name, cause: error });
}

async function readAll(handle: FileHandle, sizeBytes: number, name: string): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, filled);
    if (bytesRead === 0) throw new MusterError('CHANGED', 'became shorter while it was read', { where: name });
    filled += bytesRead;
  }
  return bytes;
}

const fileErrors: Readonly<Record<string, readonly [FileCode, string]>> = {
  EACCES: ['PERMISSION', 'may not be read (permission denied)'],
  EPERM: ['PERMISSION', 'may not be read (not permitted)'],
  ENOENT: ['VANISHED', 'is not there any more'],
  ENOTDIR: ['VANISHED', 'is not there any more (its folder is gone)'],
  ELOOP: ['LINK', 'is a link that is not followed, or a loop of links'],
  ENXIO: ['SPECIAL', 'is no regular file'],
  EISDIR: ['SPECIAL', 'is a folder'],
  ENAMETOOLONG: ['NAME', 'has a name that is too long for the system'],
};
