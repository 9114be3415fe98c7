import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { MusterError, errorCode, formatBytes, withLimits } from '../base/index.ts';
import type { Limits, SkippedFile } from '../base/index.ts';
import { indexTar } from '../formats/index.ts';
import type { RandomAccess, TarEntry } from '../formats/index.ts';
import { SNIFF_BYTES, fileError, hasImageExtension, sniff } from '../image/index.ts';
import { comparePaths, requireItems } from './collection.ts';
import type { Collection, CollectionItem } from './collection.ts';
import { exactText, pathText } from './path-text.ts';

/** How an archive is opened. */
export interface TarOptions {
  /** Where a compressed archive is unpacked to; removed at `close`. Default: the system's temporary folder. */
  temporary?: string;
  limits?: Partial<Limits>;
  signal?: AbortSignal;
}

/**
 * Opens a .tar or .tar.gz (told apart by content) as a collection. Members are read where they lie; a compressed archive
 * is first unpacked to one temporary file.
 *
 * @throws MusterError `NOT_ARCHIVE`, `TRUNCATED`, `TOO_LARGE`, `NO_IMAGES`, or a file code for the archive itself
 */
export async function openTar(path: string, options: TarOptions = {}): Promise<Collection> {
  const root = pathText(Buffer.from(path));
  const archive = await openArchive(resolve(path), root, options);
  try {
    const listing = await listMembers(archive, root, options.limits);
    const { items, entries, skipped, ignored } = listing;
    requireItems(root, items, skipped, ignored);
    return {
      kind: 'tar',
      name: basename(resolve(path)).replace(/\.(tar|tar\.gz|tgz)$/i, ''),
      root,
      items,
      skipped,
      ignored,
      source: (index) => {
        const item = items[index];
        const entry = item === undefined ? undefined : entries.get(item);
        if (item === undefined || entry === undefined)
          throw new MusterError('internal', `no item ${index} of ${items.length}`, { kind: 'internal' });
        return { name: item.path, read: () => readMember(archive, entry, item.path, withLimits(options.limits)) };
      },
      close: () => archive.close(),
    };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

interface Archive extends RandomAccess {
  close(): Promise<void>;
}

async function openArchive(path: string, root: string, options: TarOptions): Promise<Archive> {
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
    close: () => (closed ??= handle.close().then(afterwards)),
  };
}

async function readMember(archive: Archive, entry: TarEntry, name: string, limits: Limits): Promise<Uint8Array> {
  const { sizeBytes } = entry;
  if (sizeBytes === 0) throw new MusterError('EMPTY', 'has no bytes', { where: name });
  if (sizeBytes > limits.fileBytes) {
    throw new MusterError('TOO_LARGE', `has ${formatBytes(sizeBytes)}, more than ${formatBytes(limits.fileBytes)}`, {
      where: name,
    });
  }
  const bytes = await archive.read(entry.offset, sizeBytes).catch((error: unknown) => {
    throw fileError(error, name);
  });
  if (bytes.length < sizeBytes)
    throw new MusterError('CHANGED', 'the archive became shorter while it was read', { where: name });
  return bytes;
}

interface Members {
  items: CollectionItem[];
  entries: Map<CollectionItem, TarEntry>;
  skipped: SkippedFile[];
  ignored: { others: number; hidden: number; outputs: string[] };
}

async function listMembers(archive: Archive, root: string, limits: Partial<Limits> | undefined): Promise<Members> {
  const index = await indexTar(archive, root, limits);
  const members: Members = {
    items: [],
    entries: new Map(),
    skipped: [],
    ignored: { others: 0, hidden: 0, outputs: [] },
  };
  for (const refusal of index.refusals) {
    const path = pathText(refusal.name);
    if (hasImageExtension(path))
      members.skipped.push({ path, code: refusal.code, message: `${path}: ${refusal.message}` });
    else members.ignored.others++;
  }
  for (const entry of index.entries) {
    const text = exactText(entry.name) ?? pathText(entry.name);
    if (text.split('/').some((part) => part.startsWith('.'))) members.ignored.hidden++;
    else if (hasImageExtension(text) || (await memberLooksLikeImage(archive, entry))) {
      const item = {
        path: pathText(entry.name),
        bytes: entry.name,
        sizeBytes: entry.sizeBytes,
        mtimeMs: entry.mtime * 1000,
      };
      members.items.push(item);
      members.entries.set(item, entry);
    } else members.ignored.others++;
  }
  members.items.sort(comparePaths);
  return members;
}

async function memberLooksLikeImage(archive: Archive, entry: TarEntry): Promise<boolean> {
  return sniff(await archive.read(entry.offset, Math.min(SNIFF_BYTES, entry.sizeBytes))) !== 'unknown';
}
