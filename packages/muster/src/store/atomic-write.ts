import { existsSync } from 'node:fs';
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, errorMessage, MusterError } from '../base/index.ts';

let counter = 0;

/** A name beside `path` that no reader takes for a finished file; unique in this process and among processes. */
export function temporaryName(path: string): string {
  counter += 1;
  return join(dirname(path), `.${basename(path)}.${process.pid}-${counter}.tmp`);
}

/** Whether a file's name is one that a write which never ended may have left. */
export function isTemporaryName(name: string): boolean {
  return /^\..+\.\d+-\d+\.tmp$/u.test(name);
}

/**
 * Makes a folder and those above it. (Node's own `recursive` never ends where the system refuses a new folder by
 * "not found", as /proc does.)
 * @throws MusterError `store.space`, `store.read-only` or `store.write`
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw storeError(error, path);
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/**
 * Writes a whole file so that a reader, or a crash at any moment, sees the old file or the new one, never a part:
 * temporary name, fsync, rename, fsync of the folder. Makes the folder where it is missing.
 * @throws MusterError `store.space`, `store.read-only` or `store.write`
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // the first error is the one to tell
    throw storeError(error, path);
  }
}

/** What file systems say that know no sync of folders, such as some on networks. */
const noFolderSync: readonly (string | undefined)[] = ['EINVAL', 'ENOTSUP', 'EPERM'];

/** Makes renames in a folder last through a power cut, where the file system can do so. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!noFolderSync.includes(errorCode(error))) throw error;
  } finally {
    await handle.close();
  }
}

/** The error of a failed write, in words that say what to do. */
export function storeError(error: unknown, path: string): MusterError {
  if (error instanceof MusterError) return error;
  const code = errorCode(error);
  const fix = 'pass a folder that has room and may be written to as --store DIR or --out DIR';
  const options = { where: path, cause: error, kind: 'resources', fix } as const;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new MusterError('store.space', 'The disk is full.', options);
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new MusterError('store.read-only', `This folder may not be written to (${code}).`, options);
  }
  return new MusterError('store.write', `It could not be written (${errorMessage(error)}).`, options);
}
