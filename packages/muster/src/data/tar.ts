import { basename, resolve } from 'node:path';
import { MusterError, formatBytes, withLimits } from '../base/index.ts';
import type { Limits, SkippedFile } from '../base/index.ts';
import { indexTar } from '../formats/index.ts';
import type { TarEntry, TarIndex } from '../formats/index.ts';
import { SNIFF_BYTES, fileError, hasImageExtension, sniff } from '../image/index.ts';
import { openArchive } from './archive.ts';
import type { Archive, TarOptions } from './archive.ts';
import { comparePaths, requireItems } from './collection.ts';
import type { Collection, CollectionItem } from './collection.ts';
import { exactText, pathText } from './path-text.ts';

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
    return await archiveCollection(archive, await indexTar(archive, root, options.limits), { path, ...options });
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** Which archive, and which part of it. */
export interface ArchiveOptions extends TarOptions {
  /** The path it was opened by. */
  readonly path: string;
  /** Folders inside it, without a slash at the end; all of it where absent. */
  readonly within?: readonly string[];
}

/** The name of a collection that is opened by a path: its last part, without the endings of archives. */
export function collectionName(path: string): string {
  return basename(resolve(path)).replace(/\.(tar|tar\.gz|tgz)$/i, '');
}

/**
 * The pictures of an archive that is open; closing the collection closes it.
 *
 * @throws MusterError `NO_IMAGES`
 */
export async function archiveCollection(
  archive: Archive,
  index: TarIndex,
  options: ArchiveOptions,
): Promise<Collection> {
  const root = pathText(Buffer.from(options.path));
  const { items, entries, skipped, ignored } = await listMembers(archive, index, options.within);
  requireItems(root, items, skipped, ignored);
  return {
    kind: 'tar',
    name: collectionName(options.path),
    root,
    items,
    skipped,
    ignored,
    source: (at) => {
      const item = items[at];
      const entry = item === undefined ? undefined : entries.get(item);
      if (item === undefined || entry === undefined)
        throw new MusterError('internal', `no item ${at} of ${items.length}`, { kind: 'internal' });
      return { name: item.path, read: () => readMember(archive, entry, item.path, withLimits(options.limits)) };
    },
    close: () => archive.close(),
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

async function listMembers(archive: Archive, index: TarIndex, within?: readonly string[]): Promise<Members> {
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
    if (within?.every((folder) => !text.startsWith(`${folder}/`)) === true) continue;
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
