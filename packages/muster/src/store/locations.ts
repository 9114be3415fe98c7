import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { MusterError } from '../base/index.ts';

/** Where a collection's results go. All paths absolute. */
export interface Locations {
  /** `muster-<name>`: embeddings and runs of the collection. */
  readonly store: string;
  /** The folder of this run, where the user asked for one; otherwise it gets an id under `store/runs`. */
  readonly run: string | null;
}

export interface LocationOptions {
  /** The image folder or tar file. */
  readonly source: string;
  readonly out?: string | undefined;
  readonly store?: string | undefined;
  /** The working directory. */
  readonly cwd: string;
}

/**
 * Chooses the folders, never inside the image folder: it may be read-only, and the next run would find our thumbnails.
 * Where the working directory is no place for the store, it goes into the run's folder.
 * @throws MusterError `store.inside-images` naming the way out
 */
export function chooseLocations({ source, out, store, cwd }: LocationOptions): Locations {
  const images = resolve(cwd, source);
  const run = out === undefined ? null : outside(resolve(cwd, out), images, '--out');
  if (store !== undefined) return { store: outside(resolve(cwd, store), images, '--store'), run };
  const usual = join(cwd, storeName(images));
  const inside = isInside(usual, images);
  if (run !== null && (inside || !isWritable(usual))) return { store: join(run, storeName(images)), run };
  if (!inside) return { store: usual, run };
  throw new MusterError('store.inside-images', `The results would land inside the image folder ${images}.`, {
    kind: 'usage',
    fix: 'start muster from another folder, or pass --store DIR or --out DIR',
  });
}

/**
 * How a run names its store in `config.json`: by the way from the run's folder where one lies in the other, so that both can
 * be moved together; else by the absolute path.
 */
export function recordStore({ store, run }: Locations): string {
  if (run === null) return join('..', '..'); // runs/<id> in the store
  return isInside(store, run) || isInside(run, store) ? relative(run, store) || '.' : store;
}

/** `muster-<name>` with only letters, digits, dot, dash and underscore, so that it is one safe folder name everywhere. */
export function storeName(source: string): string {
  const name = basename(source).replace(/\.tar(\.gz)?$|\.tgz$/iu, '');
  const safe = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+|[.-]+$/gu, '')
    .slice(0, 80);
  return `muster-${safe === '' ? 'images' : safe}`;
}

function outside(path: string, images: string, option: string): string {
  if (isInside(path, images)) {
    throw new MusterError('store.inside-images', `${option} ${path} is inside the image folder ${images}.`, {
      kind: 'usage',
      fix: 'choose a folder outside it',
    });
  }
  return path;
}

/** Whether a path lies in a folder, or is it; links are seen through. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(realPath(folder), realPath(path));
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

/** Whether a folder may be written to or, where it is missing, made. */
function isWritable(path: string): boolean {
  if (!existsSync(path)) return dirname(path) !== path && isWritable(dirname(path));
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // the reason does not matter: another place is taken
  }
}

/** The real path of what exists of it, so that a link into the image folder is seen through. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), basename(path));
}
