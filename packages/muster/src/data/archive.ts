import { createReadStream, createWriteStream, readSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { MusterError, errorCode, formatBytes, withLimits } from '../base/index.ts';
import type { Limits } from '../base/index.ts';
import type { RandomAccess } from '../formats/index.ts';
import { fileError } from '../image/index.ts';

/** How an archive is opened. */
export interface TarOptions {
  /** Where a compressed archive is unpacked to; removed at `close`. Default: the system's temporary folder. */
  temporary?: string;
  limits?: Partial<Limits>;
  signal?: AbortSignal;
}

/** An open tar archive, unpacked where it is a compressed one. */
export interface Archive extends RandomAccess {
  /** As `read`, at once: for small pieces. */
  readNow(position: number, length: number): Uint8Array;
  close(): Promise<void>;
}

/**
 * Opens a .tar or .tar.gz, told apart by content; a compressed one is first unpacked to one temporary file.
 *
 * @param root what to call it in errors
 * @throws MusterError `NOT_ARCHIVE`, `TRUNCATED`, `TOO_LARGE`, `DISK`, or a file code
 */
export async function openArchive(path: string, root: string, options: TarOptions): Promise<Archive> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const found = await handle.stat();
    if (!found.isFile()) throw new MusterError('SPECIAL', 'is no regular file', { where: root });
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead < 2 || buffer[0] !== 0x1f || buffer[1] !== 0x8b)
      return fileArchive(handle, found.size, () => Promise.resolve());
    await handle.close();
    handle = undefined;
    return await unpack(path, root, options);
  } catch (error) {
    await handle?.close();
    throw error instanceof MusterError ? error : fileError(error, root);
  }
}

async function unpack(path: string, root: string, options: TarOptions): Promise<Archive> {
  const folder = await mkdtemp(join(options.temporary ?? tmpdir(), 'muster-unpack-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const most = withLimits(options.limits).unpackedBytes;
  let total = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      total += chunk.length;
      if (total <= most) next(null, chunk);
      else next(new MusterError('TOO_LARGE', `unpacks to more than ${formatBytes(most)}`, { where: root }));
    },
  });
  try {
    const file = join(folder, 'archive.tar');
    const settings = options.signal === undefined ? {} : { signal: options.signal };
    await pipeline(
      createReadStream(path),
      createGunzip({ chunkSize: 256 * 1024 }),
      bounded,
      createWriteStream(file),
      settings,
    );
    const handle = await open(file);
    return fileArchive(handle, (await handle.stat()).size, remove);
  } catch (error) {
    await remove();
    throw unpackError(error, root);
  }
}

function unpackError(error: unknown, root: string): unknown {
  const code = errorCode(error) ?? '';
  if (code === 'Z_BUF_ERROR')
    return new MusterError('TRUNCATED', 'the compressed archive is cut short', {
      where: root,
      fix: 'bring it anew',
      cause: error,
    });
  if (code.startsWith('Z_'))
    return new MusterError('NOT_ARCHIVE', 'its compression is damaged', {
      where: root,
      fix: 'bring it anew',
      cause: error,
    });
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new MusterError('DISK', 'there is no room to unpack it', {
      where: root,
      fix: 'free some, or set TMPDIR',
      kind: 'resources',
      cause: error,
    });
  }
  return error;
}

function fileArchive(handle: FileHandle, sizeBytes: number, afterwards: () => Promise<void>): Archive {
  let closed: Promise<void> | undefined;
  return {
    sizeBytes,
    async read(position, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
    readNow(position, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const bytesRead = readSync(handle.fd, bytes, filled, length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
    close: () => (closed ??= handle.close().then(afterwards)),
  };
}
