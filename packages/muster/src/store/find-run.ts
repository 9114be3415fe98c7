import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorCode, MusterError } from '../base/index.ts';
import { storeError } from './atomic-write.ts';
import { assignedKind, resultFile } from './run-folder.ts';

/**
 * Finds a finished run: by the path of its folder, by the path of a store (its newest run is taken), as `latest` (the
 * newest of all stores in the working directory), or by its id in one of these.
 *
 * @param cwd the working directory
 * @returns absolute path of the run's folder
 * @throws MusterError `store.no-run` saying where it was looked for
 */
export async function findRun(where: string, cwd: string): Promise<string> {
  const path = resolve(cwd, where);
  if (isRun(path)) return path;
  const inStore = await newestRun([path]);
  if (inStore !== null) return inStore;
  if (isAssigned(path)) {
    throw new MusterError('store.no-run', 'holds images that were given the groups of a run, not a run', {
      where: path,
      kind: 'usage',
      fix: `give the run they come from, which its ${assignedKind.last} names`,
    });
  }
  if (existsSync(path)) {
    throw new MusterError('store.no-run', 'holds no finished run', {
      where: path,
      kind: 'usage',
      fix: 'give the folder of a run or of a store, or run muster cluster first',
    });
  }
  const names = (await folderNames(cwd)).filter((name) => name.startsWith('muster-'));
  const stores = names.map((name) => join(cwd, name));
  const named = stores.map((store) => join(store, 'runs', where)).filter(isRun);
  const found = where === 'latest' ? await newestRun(stores) : (named[0] ?? null);
  if (found !== null) return found;
  const what = where === 'latest' ? 'there is no finished run here' : `there is no run ${where} here`;
  throw new MusterError('store.no-run', what, {
    where: cwd,
    kind: 'usage',
    fix: 'give the path of a run or of a store (muster-<name>), or run muster cluster first',
  });
}

/**
 * Finds a run that may not be finished, by the path of its folder, by the path of a store (its newest run), as `latest`, or by its id.
 *
 * @returns absolute path of the run's folder, which holds a `config.json`
 * @throws MusterError `store.no-run`
 */
export async function locateRun(where: string, cwd: string): Promise<string> {
  const path = resolve(cwd, where);
  if (existsSync(join(path, configFile))) return path;
  const stores = (await folderNames(cwd)).filter((name) => name.startsWith('muster-')).map((name) => join(cwd, name));
  const named = stores.map((store) => join(store, 'runs', where)).find((run) => existsSync(join(run, configFile)));
  const found = named ?? (await newestRun(where === 'latest' ? stores : [path], configFile));
  if (found !== null) return found;
  throw new MusterError('store.no-run', `there is no run ${where} here`, {
    where: cwd,
    kind: 'usage',
    fix: 'give the path of a run or of a store (muster-<name>)',
  });
}

/** What a run was told; a training's is there from its beginning. */
const configFile = 'config.json';

/** Whether a folder holds what `muster assign` found: such a folder is no run, whatever else is in it. */
function isAssigned(folder: string): boolean {
  return existsSync(join(folder, assignedKind.last));
}

function isRun(folder: string): boolean {
  return existsSync(join(folder, resultFile)) && !isAssigned(folder);
}

/** The run whose result, or other file, was written last; null where there is none. */
async function newestRun(stores: readonly string[], file: string = resultFile): Promise<string | null> {
  let newest: { folder: string; time: number } | null = null;
  for (const store of stores) {
    for (const id of await runNames(store)) {
      const folder = join(store, 'runs', id);
      const time = await modified(join(folder, file));
      if (time !== null && (newest === null || time > newest.time)) newest = { folder, time };
    }
  }
  return newest?.folder ?? null;
}

async function runNames(store: string): Promise<string[]> {
  return (await folderNames(join(store, 'runs'))).filter((id) => !isAssigned(join(store, 'runs', id)));
}

async function modified(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw storeError(error, path);
  }
}

async function folderNames(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw storeError(error, path);
  }
}
