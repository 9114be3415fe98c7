import { readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join, resolve } from 'node:path';
import { indexTar } from '../../formats/index.ts';
import type { TarEntry } from '../../formats/index.ts';
import { fileError } from '../../image/index.ts';
import { openArchive } from '../archive.ts';
import type { TarOptions } from '../archive.ts';
import { openBinaryFile, plain, shorter } from '../binary-file.ts';
import type { BinaryFile } from '../binary-file.ts';
import type { Collection } from '../collection.ts';
import { openFolder } from '../folder.ts';
import type { FolderOptions } from '../folder.ts';
import { exactText, pathText } from '../path-text.ts';
import { archiveCollection, collectionName } from '../tar.ts';

/** Where a data set lies: a folder or an archive. Paths inside it have `/` between folders and none at their ends. */
export interface Place {
  readonly kind: 'folder' | 'tar';
  /** The last part of its path, without the endings of archives. */
  readonly name: string;
  /** Its path, escaped for showing. */
  readonly root: string;
  /** What lies right in a folder, sorted by code point, hidden entries left out; nothing where there is no such folder. */
  list(folder: string): readonly PlaceEntry[];
  /** A file that is there. @throws MusterError with a file code */
  open(path: string): BinaryFile;
  /** The pictures below some folders, or all. @throws MusterError `NO_IMAGES` */
  pictures(within?: readonly string[]): Promise<Collection>;
  /** Closes it with all files and collections opened in it. */
  close(): Promise<void>;
}

/** A file or folder in a place. */
export interface PlaceEntry {
  readonly name: string;
  /** From the root of the place. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** Options of both kinds of place; each takes its own. */
export type PlaceOptions = Omit<FolderOptions, 'within'> & TarOptions;

/** A folder as a {@link Place}. Nothing is read yet. */
export function folderPlace(path: string, options: PlaceOptions = {}): Place {
  const absolute = resolve(path);
  const root = pathText(Buffer.from(path));
  const files: BinaryFile[] = [];
  return {
    kind: 'folder',
    name: collectionName(path),
    root,
    list: (folder) => listFolder(absolute, folder, root),
    open: (inside) => {
      const file = openBinaryFile(join(absolute, inside), shownPath(root, inside));
      files.push(file);
      return file;
    },
    pictures: (within) => openFolder(path, within === undefined ? options : { ...options, within }),
    close: () => {
      for (const file of files) file.close();
      return Promise.resolve();
    },
  };
}

/**
 * A .tar or .tar.gz as a {@link Place}.
 * @throws MusterError as `openArchive` and `indexTar`
 */
export async function archivePlace(path: string, options: PlaceOptions = {}): Promise<Place> {
  const root = pathText(Buffer.from(path));
  const archive = await openArchive(resolve(path), root, options);
  try {
    const index = await indexTar(archive, root, options.limits);
    const tree = new ArchiveTree(index.entries);
    return {
      kind: 'tar',
      name: collectionName(path),
      root,
      list: (folder) => tree.list(folder),
      open: (inside) => {
        const entry = tree.file(inside);
        const name = shownPath(root, inside);
        if (entry === undefined) throw fileError({ code: 'ENOENT' }, name);
        const read = (position: number, length: number): Uint8Array => {
          const bytes = plain(archive.readNow(entry.offset + position, length));
          if (bytes.length < length || position + length > entry.sizeBytes) throw shorter(name);
          return bytes;
        };
        return { name, sizeBytes: entry.sizeBytes, mtimeMs: entry.mtime * 1000, read, close: () => undefined };
      },
      pictures: (within) =>
        archiveCollection(archive, index, { ...options, path, ...(within === undefined ? {} : { within }) }),
      close: () => archive.close(),
    };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

function shownPath(root: string, inside: string): string {
  return `${root.replace(/\/$/, '')}/${pathText(Buffer.from(inside))}`;
}

function listFolder(absolute: string, folder: string, root: string): PlaceEntry[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(absolute, folder), { withFileTypes: true });
  } catch (error) {
    const refusal = fileError(error, shownPath(root, folder));
    if (refusal.code === 'VANISHED') return [];
    throw refusal;
  }
  const shown = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  return shown.map((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return { name: entry.name, path, isFolder: entry.isDirectory() || leadsToFolder(entry, join(absolute, path)) };
  });
}

function leadsToFolder(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return false;
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // a link to nothing is no folder; whoever needs the file is told when it is opened
  }
}

/** The folders of an archive, made of its members' names. */
class ArchiveTree {
  readonly #files = new Map<string, TarEntry>();
  readonly #folders = new Map<string, Map<string, PlaceEntry>>();

  constructor(entries: readonly TarEntry[]) {
    for (const entry of entries) {
      const path = exactText(entry.name);
      if (path === undefined || path.split('/').some((part) => part.startsWith('.'))) continue;
      this.#files.set(path, entry);
      this.#add(path, false);
    }
  }

  list(folder: string): PlaceEntry[] {
    const found = this.#folders.get(folder);
    return found === undefined ? [] : [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  file(path: string): TarEntry | undefined {
    return this.#files.get(path);
  }

  #add(path: string, isFolder: boolean): void {
    const slash = path.lastIndexOf('/');
    const folder = slash < 0 ? '' : path.slice(0, slash);
    const name = path.slice(slash + 1);
    let entries = this.#folders.get(folder);
    if (entries === undefined) {
      entries = new Map<string, PlaceEntry>();
      this.#folders.set(folder, entries);
      if (folder !== '') this.#add(folder, true);
    }
    if (!entries.has(name)) entries.set(name, { name, path, isFolder });
  }
}
