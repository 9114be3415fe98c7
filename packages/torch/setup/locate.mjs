/**
 * Finds the engine that the set-up built. Runs at every start of a program, so it starts no process: it reads the
 * addon's C++ sources (their hash names the build), one small JSON file, and libtorch's version file.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/**
 * What the addon is compiled with, apart from paths. Part of the build's hash. Without new dtags the path of libtorch
 * that is written into the addon goes before `LD_LIBRARY_PATH`, which might name another libtorch.
 */
export const COMPILE_FLAGS = Object.freeze([
  '-O2',
  '-std=c++20',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-DNAPI_VERSION=9',
  '-pthread',
  '-Wl,--disable-new-dtags',
]);

/** Folder of the addon's C++ sources. */
export const NATIVE_FOLDER = fileURLToPath(new URL('../native/', import.meta.url));

/** @returns {string} `MUSTER_CACHE`, else `muster` in `XDG_CACHE_HOME`, else `~/.cache/muster` */
export function cacheFolder() {
  const own = process.env['MUSTER_CACHE'];
  if (own) return resolve(own);
  const shared = process.env['XDG_CACHE_HOME'];
  return shared ? resolve(shared, 'muster') : join(homedir(), '.cache', 'muster');
}

/** @returns {string} the command that builds the engine, with a path that works from the current folder */
export function setupCommand() {
  const script = fileURLToPath(new URL('install.mjs', import.meta.url));
  const near = relative(process.cwd(), script);
  return `node ${near.startsWith('..') ? script : near}`;
}

/** @returns {{ version: string, include: string }} Node-API's headers as installed from npm */
export function nodeApiHeaders() {
  const file = require.resolve('node-api-headers/package.json');
  return { version: JSON.parse(readFileSync(file, 'utf8')).version, include: join(dirname(file), 'include') };
}

/**
 * Hash over everything of ours that goes into the addon: sources, flags and the headers' version.
 *
 * @param {string} [folder] of the C++ sources
 * @returns {string} 16 hexadecimal digits
 */
export function sourceHash(folder = NATIVE_FOLDER) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([COMPILE_FLAGS, nodeApiHeaders().version]));
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((text) => /\.(cc|cpp|h|hpp|inc)$/.test(text)).sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Reads the version of a libtorch folder: from `version.py` (a Python package or its subset), else from
 * `build-version` (the C++ archive).
 *
 * @param {string} path folder with `include/` and `lib/`
 * @returns {{ version: string, cuda: string | null, git: string } | null} null if there is none
 */
export function readTorchVersion(path) {
  const file = join(path, 'version.py');
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8');
    const version = /^__version__ = '([^']+)'/m.exec(text)?.[1];
    if (version === undefined) return null;
    const cuda = /^cuda(?:: [^=]+)? = '([^']+)'/m.exec(text)?.[1] ?? null;
    return { version, cuda, git: /^git_version = '([^']+)'/m.exec(text)?.[1] ?? '' };
  }
  const archive = join(path, 'build-version');
  if (!existsSync(archive)) return null;
  const version = readFileSync(archive, 'utf8').trim();
  const hashFile = join(path, 'build-hash');
  const git = existsSync(hashFile) ? readFileSync(hashFile, 'utf8').trim() : '';
  return { version, cuda: /\+cu(\d+)/.exec(version)?.[1] ?? null, git };
}

/** @returns {string} folder of the builds of the sources with this hash @param {string} hash */
export function engineFolder(hash) {
  return join(cacheFolder(), 'engine', hash);
}

/**
 * Reads what the set-up recorded for the sources with this hash.
 *
 * @param {string} hash
 * @returns {import('./locate.mjs').EngineRecord | null} null if nothing was built, or its addon is gone
 */
export function readEngineRecord(hash) {
  const file = join(engineFolder(hash), 'engine.json');
  if (!existsSync(file)) return null;
  const record = JSON.parse(readFileSync(file, 'utf8'));
  return existsSync(record.addonPath) ? record : null;
}

/**
 * Says why a recorded engine must not be loaded, if so.
 *
 * @param {import('./locate.mjs').EngineRecord} record
 * @returns {string | null} null if it may be
 */
export function engineObjection(record) {
  const wanted = process.env['MUSTER_LIBTORCH'];
  if (wanted && resolve(wanted) !== record.torchPath) {
    return `the engine was built for the libtorch in ${record.torchPath}, and MUSTER_LIBTORCH names ${resolve(wanted)}`;
  }
  const found = readTorchVersion(record.torchPath);
  if (!found) return `the libtorch that the engine was built for is no longer in ${record.torchPath}`;
  if (found.version !== record.version || found.git !== record.git) {
    return (
      `the engine was built for libtorch ${record.version}, and ${record.torchPath} now holds ${found.version}: ` +
      'another version would compute wrong results'
    );
  }
  return null;
}

/**
 * Finds the compiled addon and the libtorch it was built for.
 *
 * @returns {import('./locate.mjs').EngineRecord}
 * @throws {Error} with `code` `E_NATIVE` and the command to run, if there is none or libtorch is another by now
 */
export function locateEngine() {
  const record = readEngineRecord(sourceHash());
  const objection = record
    ? engineObjection(record)
    : 'the engine is not built yet, or its C++ sources have changed since it was';
  if (record && objection === null) return record;
  throw Object.assign(new Error(`${objection}: run \`${setupCommand()}\`.`), { code: 'E_NATIVE' });
}
