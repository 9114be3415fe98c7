import { constants } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { MusterError, outputMarker, withLimits } from '../base/index.ts';
import type { Limits, SkippedFile } from '../base/index.ts';
import { SNIFF_BYTES, fileError, fileSource, hasImageExtension, mapOrdered, sniff } from '../image/index.ts';
import { comparePaths, requireItems } from './collection.ts';
import type { Collection, CollectionItem } from './collection.ts';
import { pathText } from './path-text.ts';

/** How a folder is listed. */
export interface FolderOptions {
  /** Follow links that stay below the root. Default false: they are reported and left out. */
  followLinks?: boolean;
  /** Folders below the root, without a slash at the end, that are read with what is below them. Default: the root. */
  within?: readonly string[];
  limits?: Partial<Limits>;
  signal?: AbortSignal;
}

type Entry = Dirent<Buffer>;

/**
 * Lists the pictures of a folder tree. A file is a candidate if its name ends like a picture's, or else if its first
 * bytes say so; whether it decodes is seen when it is read. Hidden entries, this program's own folders (marked by
 * `.muster-output`), pipes, sockets and devices are left out; nothing is opened that is no regular file.
 *
 * @throws MusterError `NO_FOLDER`, `PERMISSION` (the root itself), `NO_IMAGES`, `TOO_LARGE`
 */
export async function openFolder(path: string, options: FolderOptions = {}): Promise<Collection> {
  const absolute = resolve(path);
  const root = pathText(Buffer.from(path));
  const listing = new Listing(Buffer.from(absolute), root, options);
  await listing.run();
  const items = listing.items.sort(comparePaths);
  const skipped = listing.skipped.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const ignored = { others: listing.others, hidden: listing.hidden, outputs: listing.outputs.sort() };
  requireItems(root, items, skipped, ignored);
  const reading = {
    noFollow: options.followLinks !== true,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  };
  return {
    kind: 'folder',
    name: basename(absolute),
    root,
    items,
    skipped,
    ignored,
    source: (index) => {
      const item = items[index];
      if (item === undefined)
        throw new MusterError('internal', `no item ${index} of ${items.length}`, { kind: 'internal' });
      return fileSource(join(Buffer.from(absolute), item.bytes), item.path, { ...reading, expected: item });
    },
    close: () => Promise.resolve(),
  };
}

/** One walk through a tree; folders are read one after the other, their files several at once. */
class Listing {
  readonly items: CollectionItem[] = [];
  readonly skipped: SkippedFile[] = [];
  readonly outputs: string[] = [];
  others = 0;
  hidden = 0;
  private entries = 0;
  private readonly root: Buffer;
  private readonly name: string;
  private readonly options: FolderOptions;
  private readonly limits: Limits;
  /** Folders already read, by device and inode: a link cannot lead into one twice. */
  private readonly visited = new Set<string>();
  private realRoot = '';

  constructor(root: Buffer, name: string, options: FolderOptions) {
    this.root = root;
    this.name = name;
    this.options = options;
    this.limits = withLimits(options.limits);
  }

  async run(): Promise<void> {
    await this.checkRoot();
    const starts = this.options.within ?? [''];
    const folders: { path: Buffer; depth: number }[] = starts.map((path) => ({ path: Buffer.from(path), depth: 0 }));
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      this.options.signal?.throwIfAborted();
      const inside = await this.readFolder(folder.path, folder.depth);
      for (const path of inside) folders.push({ path, depth: folder.depth + 1 });
    }
  }

  private async checkRoot(): Promise<void> {
    try {
      const found = await stat(this.root);
      if (!found.isDirectory()) throw new MusterError('NO_FOLDER', 'is no folder', { where: this.name });
      this.visited.add(identity(found));
      this.realRoot = await realpath(this.root, 'latin1');
    } catch (error) {
      if (error instanceof MusterError) throw error;
      const refusal = fileError(error, this.name);
      if (refusal.code === 'VANISHED')
        throw new MusterError('NO_FOLDER', 'there is no such folder', { where: this.name, fix: 'check the path' });
      throw refusal;
    }
  }

  /** Sorts a folder's entries into candidates and leavings; returns the folders in it that are to be read. */
  private async readFolder(path: Buffer, depth: number): Promise<Buffer[]> {
    let entries: Entry[];
    try {
      entries = await readdir(join(this.root, path), { withFileTypes: true, encoding: 'buffer' });
    } catch (error) {
      if (path.length === 0) throw fileError(error, this.name);
      this.skip(path, fileError(error, pathText(path)));
      return [];
    }
    if (path.length > 0 && entries.some((entry) => entry.name.equals(markerName))) {
      this.outputs.push(pathText(path));
      return [];
    }
    this.entries += entries.length;
    if (this.entries > this.limits.entries) {
      throw new MusterError('TOO_LARGE', `holds more than ${this.limits.entries} files`, {
        where: this.name,
        fix: 'give a part of it',
      });
    }
    const kept = entries.filter((entry) => entry.name[0] !== dot);
    this.hidden += entries.length - kept.length;
    const folders: Buffer[] = [];
    for await (const folder of mapOrdered(kept, (entry) => this.take(entry, join(path, entry.name)), {
      concurrency: 16,
    })) {
      if (folder !== undefined) folders.push(folder);
    }
    if (folders.length > 0 && depth >= this.limits.depth) {
      this.skipped.push({
        path: pathText(path),
        code: 'TOO_LARGE',
        message: `${pathText(path)}: lies deeper than ${this.limits.depth} folders`,
      });
      return [];
    }
    return folders;
  }

  /** Deals with one entry; returns its path where it is a folder to be read. */
  private async take(entry: Entry, path: Buffer): Promise<Buffer | undefined> {
    const name = pathText(path);
    try {
      let found: Stats = await lstat(join(this.root, path));
      if (found.isSymbolicLink()) {
        const target = await this.follow(path, name);
        if (target === undefined) return undefined;
        found = target;
      }
      if (found.isDirectory()) return this.enters(found, name) ? path : undefined;
      const named = hasImageExtension(entry.name.toString('latin1'));
      if (!found.isFile()) {
        if (named) throw new MusterError('SPECIAL', 'is no regular file (a pipe, socket or device)', { where: name });
        this.others++;
      } else if (named || (await this.looksLikeImage(path, name))) {
        this.items.push({ path: name, bytes: path, sizeBytes: found.size, mtimeMs: found.mtimeMs });
      } else this.others++;
    } catch (error) {
      this.skip(path, error instanceof MusterError ? error : fileError(error, name));
    }
    return undefined;
  }

  /** What a link leads to, where links are followed and it stays inside; else it is reported where it matters. */
  private async follow(path: Buffer, name: string): Promise<Stats | undefined> {
    const full = join(this.root, path);
    const target = await stat(full).catch(() => undefined);
    if (this.options.followLinks !== true) {
      if (target?.isDirectory() !== true && !hasImageExtension(path.toString('latin1'))) this.others++;
      else
        throw new MusterError('LINK', 'is a link; links are not followed', { where: name, fix: 'use --follow-links' });
      return undefined;
    }
    if (target === undefined)
      throw new MusterError('LINK', 'is a link to nothing, or a loop of links', { where: name });
    const real = await realpath(full, 'latin1');
    const inside = this.realRoot.endsWith('/') ? this.realRoot : `${this.realRoot}/`;
    if (real !== this.realRoot && !real.startsWith(inside))
      throw new MusterError('LINK', 'is a link out of the folder', { where: name });
    return target;
  }

  private enters(found: Stats, name: string): boolean {
    const id = identity(found);
    if (this.visited.has(id))
      throw new MusterError('LINK', 'is a folder that was read already (a loop of links)', { where: name });
    this.visited.add(id);
    return true;
  }

  private async looksLikeImage(path: Buffer, name: string): Promise<boolean> {
    const handle = await open(join(this.root, path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
      (error: unknown) => {
        // A file that may not be read and has no picture's name is most likely none.
        if (fileError(error, name).code === 'PERMISSION') return undefined;
        throw error;
      },
    );
    if (handle === undefined) return false;
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
      return sniff(buffer.subarray(0, bytesRead)) !== 'unknown';
    } finally {
      await handle.close();
    }
  }

  private skip(path: Buffer, error: MusterError): void {
    const code = error.code as SkippedFile['code'];
    this.skipped.push({ path: pathText(path), code, message: error.message });
  }
}

const markerName = Buffer.from(outputMarker);
const dot = 0x2e;
const slash = Buffer.from('/');

function join(folder: Buffer, name: Uint8Array): Buffer {
  if (folder.length === 0) return Buffer.from(name);
  return name.length === 0 ? folder : Buffer.concat([folder, slash, name]);
}

function identity(found: Stats): string {
  return `${found.dev}:${found.ino}`;
}
