import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MusterError, outputMarker } from '../base/index.ts';
import { resultFile, runKind } from './run-folder.ts';

/** Where runs are looked for. */
export interface RunSearch {
  /** The working directory: its `muster-*` folders are searched. */
  readonly cwd: string;
  /** A store that is searched instead. */
  readonly store?: string | undefined;
}

/**
 * The folder of a run that a user names.
 *
 * @param name the path of a run, its id (the name of its folder in a store), or `latest`
 * @returns absolute path
 * @throws MusterError `store.no-run` where there is none, `store.run-incomplete` where it was stopped, `store.run-unclear` where
 *   several stores have a run of this id
 */
export async function findRun(name: string, search: RunSearch): Promise<string> {
  const path = resolve(search.cwd, name);
  if (existsSync(join(path, resultFile))) return path;
  const runs = await listRuns(search);
  const complete = runs.filter((run) => existsSync(join(run, resultFile)));
  if (name === 'latest') return latest(complete, search);
  const named = runs.filter((run) => run.endsWith(join(runKind.parent, name)));
  const [first, second] = named.filter((run) => complete.includes(run));
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    throw new MusterError('store.run-unclear', `several stores have a run ${name}`, {
      kind: 'usage',
      fix: `give its path, such as ${first}`,
    });
  }
  if (named.length > 0 || existsSync(join(path, 'config.json'))) {
    throw new MusterError('store.run-incomplete', 'this run was stopped before it was complete', {
      where: named[0] ?? path,
      fix: 'run muster cluster again',
    });
  }
  throw new MusterError('store.no-run', 'there is no such run', {
    where: name,
    kind: 'usage',
    fix: complete.length === 0 ? noRuns(search) : `give its path, its id, or latest (${await latest(complete, search)})`,
  });
}

/** The one whose result was written last. */
async function latest(runs: readonly string[], search: RunSearch): Promise<string> {
  const [newest] = runs
    .map((run) => ({ run, time: statSync(join(run, resultFile)).mtimeMs }))
    .sort((a, b) => b.time - a.time || (a.run < b.run ? 1 : -1));
  if (newest !== undefined) return newest.run;
  throw new MusterError('store.no-run', 'there is no run yet', { kind: 'usage', fix: noRuns(search) });
}

function noRuns({ cwd, store }: RunSearch): string {
  return `looked in ${store === undefined ? `the muster-* folders of ${cwd}` : resolve(cwd, store)}; muster cluster makes one`;
}

/** Folders of all runs, complete or not. */
async function listRuns({ cwd, store }: RunSearch): Promise<string[]> {
  const stores = store === undefined ? await storesIn(cwd) : [resolve(cwd, store)];
  const found: string[] = [];
  for (const folder of stores) {
    const parent = join(folder, runKind.parent);
    if (!existsSync(parent)) continue;
    for (const entry of await readdir(parent, { withFileTypes: true }))
      if (entry.isDirectory()) found.push(join(parent, entry.name));
  }
  return found;
}

/** Stores in the working directory; the working directory itself, or one above it, may be one. */
async function storesIn(cwd: string): Promise<string[]> {
  const entries = await readdir(cwd, { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory() && entry.name.startsWith('muster-'));
  return [...below.map(({ name }) => join(cwd, name)), cwd, dirname(cwd)].filter((folder) =>
    existsSync(join(folder, outputMarker)),
  );
}
