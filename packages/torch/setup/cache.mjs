/**
 * The cache folder, and how things get into it: made under a temporary name, then renamed, so that whatever stands
 * under its final name is whole. A set-up that is killed leaves its temporary name behind, which the next one removes:
 * while a program runs in its place, a script could not answer a signal anyway.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from './locate.mjs';
import { SetupError } from './shell.mjs';

export { cacheFolder };

/** Temporary names end in this and the id of the process that made them. */
const MARK = '.making-';

/** @param {string} name @returns {boolean} true if `name` is a leftover of a process that no longer runs */
function isStale(name) {
  const match = /\.making-(\d+)$/.exec(name);
  if (!match) return false;
  try {
    process.kill(Number(match[1]), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/**
 * Makes a folder if it is not there and removes what killed set-ups left in it.
 *
 * @param {string} folder
 * @throws {SetupError} if it cannot be written
 */
export function prepareFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (isStale(name)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SetupError(`the folder ${folder} cannot be written (${code}): set MUSTER_CACHE to a folder that can.`);
  }
}

/**
 * Makes a file or folder whole or not at all. If another process finishes the same one first, its result stays.
 *
 * @template T
 * @param {string} path final name
 * @param {(temporary: string) => T} make writes to the temporary name; on an exception nothing is left
 * @returns {T}
 */
export function makeWhole(path, make) {
  prepareFolder(dirname(path));
  const temporary = `${path}${MARK}${process.pid}`;
  try {
    const result = make(temporary);
    try {
      renameSync(temporary, path);
    } catch (error) {
      const occupied =
        error instanceof Error && 'code' in error && ['ENOTEMPTY', 'EEXIST'].includes(String(error.code));
      if (!occupied || !existsSync(path)) throw error;
    }
    return result;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Runs `use` with a scratch folder beside what is being made; it is removed afterwards.
 *
 * @template T
 * @param {string} name
 * @param {(folder: string) => T} use
 * @returns {T}
 */
export function withScratch(name, use) {
  const parent = cacheFolder();
  prepareFolder(parent);
  const folder = join(parent, `${name}${MARK}${process.pid}`);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} path @param {unknown} value */
export function writeJson(path, value) {
  makeWhole(path, (temporary) => writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`));
}
