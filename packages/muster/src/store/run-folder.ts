import { constants, existsSync } from 'node:fs';
import { access, mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, MusterError, outputMarker } from '../base/index.ts';
import { isTemporaryName, makeFolder, storeError, writeFileAtomic } from './atomic-write.ts';

/** The file whose presence says that a run is complete; always written last. */
export const resultFile = 'result.json';

/** The files of a run. */
export const runFiles = ['config.json', 'assignments.csv', 'report.html', resultFile] as const;

/** The folder in a run with the model that gives groups to further images. */
export const modelFolder = 'model';

/** The groups of further images that a run was tried on, where it was. */
export const testFile = 'test-assignments.csv';

/** Checkpoints of a training, one line an event, and what says which process is at work. */
export const checkpointFolder = 'checkpoints';
export const eventsFile = 'events.jsonl';
export const lockFile = '.running';

/** Scores of a run's checkpoints. */
export const evaluationFolder = 'evaluation';

/** What a folder of results holds: file names, and the one that is written last. */
export interface FolderKind {
  /** Folder in the store where such results go. */
  readonly parent: string;
  readonly names: readonly string[];
  readonly last: string;
}

/** Results of a grouping. */
export const runKind: FolderKind = {
  parent: 'runs',
  names: [...runFiles, testFile, modelFolder, checkpointFolder, eventsFile, lockFile, evaluationFolder],
  last: resultFile,
};

/** Results of giving further images to the groups of a run. */
export const assignedKind: FolderKind = {
  parent: 'assigned',
  names: ['assignments.csv', 'assigned.json'],
  last: 'assigned.json',
};

/** Marks a folder as ours, and makes it where it is missing. @throws MusterError as {@link writeFileAtomic} */
export async function markFolder(folder: string): Promise<void> {
  const marker = join(folder, outputMarker);
  if (!existsSync(marker)) await writeFileAtomic(marker, '');
}

/**
 * Makes the folder of a new run: `<store>/runs/<id>`, the id being the time (UTC) and, where that is taken, a number.
 * @throws MusterError `store.read-only`, `store.space` or `store.write`
 */
export async function makeRunFolder(store: string, now: Date, { parent }: FolderKind = runKind): Promise<string> {
  const runs = join(store, parent);
  const id = now
    .toISOString()
    .replaceAll(/[-:]/gu, '')
    .replace(/\.\d+Z$/u, 'Z');
  await markFolder(store);
  await makeFolder(runs);
  for (let count = 1; ; count++) {
    const folder = join(runs, count === 1 ? id : `${id}-${count}`);
    try {
      await mkdir(folder); // not recursive: fails where another run has it
      return folder;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw storeError(error, folder);
    }
  }
}

/** The runs of a store, finished or not, the oldest first: absolute paths. */
export async function listRuns(store: string): Promise<string[]> {
  const folder = join(store, runKind.parent);
  const names: string[] = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw storeError(error, folder);
  });
  return names.sort().map((name) => join(folder, name));
}

/**
 * Checks, before the work starts, that a folder can be made or written to.
 * @throws MusterError `store.read-only`
 */
export async function checkWritable(folder: string): Promise<void> {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    await access(nearest, constants.W_OK);
  } catch (error) {
    throw storeError(error, nearest);
  }
}

/**
 * Checks that a folder the user chose may become a run's: it is missing, empty, or holds an earlier run, be it one that
 * was stopped.
 *
 * @param store of the collection: it may lie in the folder
 * @throws MusterError `store.occupied` where it holds other files
 */
export async function checkRunFolder(
  folder: string,
  store: string,
  { names: own, last }: FolderKind = runKind,
): Promise<void> {
  const names: string[] = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    if (errorCode(error) !== 'ENOTDIR') throw storeError(error, folder);
    throw new MusterError('store.occupied', 'It is a file, not a folder.', {
      where: folder,
      kind: 'usage',
      fix: 'choose another --out',
    });
  });
  const ours: readonly string[] = [...own, outputMarker, ...(dirname(store) === folder ? [basename(store)] : [])];
  const isForeign = (name: string): boolean => !ours.includes(name) && !isTemporaryName(name);
  if (!names.includes(last) && names.some(isForeign)) {
    throw new MusterError('store.occupied', 'The folder holds other files.', {
      where: folder,
      kind: 'usage',
      fix: 'choose an empty or new folder for --out',
    });
  }
}

/** Writes the files of a run, each whole or not at all, `result.json` last: without it a run is not complete. */
export async function writeRun(
  folder: string,
  files: Readonly<Record<string, string>>,
  { last }: FolderKind = runKind,
): Promise<void> {
  const names = Object.keys(files).sort((a, b) => Number(a === last) - Number(b === last));
  for (const name of names) await writeFileAtomic(join(folder, name), files[name] ?? '');
}
