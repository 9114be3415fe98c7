/**
 * Where libtorch comes from. First hit wins: `MUSTER_LIBTORCH`, the cache of an earlier set-up, the active Python's
 * own torch, else the wheel brought by pip, of which only the needed files are kept.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, makeWhole, prepareFolder, withScratch } from './cache.mjs';
import { readTorchVersion } from './locate.mjs';
import { SetupError, pythonProgram, reason, requirePip, run } from './shell.mjs';

/** The version whose schemas the typed operators are generated from, and which pip is asked for. */
export const TORCH_VERSION = '2.13.0';

/** First and last minor version of 2.x that the addon builds against. */
const SUPPORTED = Object.freeze([11, 13]);

/** PyTorch's own index of CPU wheels: on Linux the general index offers CUDA builds only. */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/**
 * @typedef {object} Libtorch
 * @property {string} path folder with `include/` and `lib/`
 * @property {string} version such as `2.13.0+cpu`
 * @property {string | null} cuda
 * @property {string} git
 * @property {import('./locate.mjs').EngineRecord['origin']} origin
 */

/** @param {string} version @returns {boolean} */
function isSupported(version) {
  const match = /^2\.(\d+)\./.exec(version);
  const minor = Number(match?.[1] ?? Number.NaN);
  return minor >= Number(SUPPORTED[0]) && minor <= Number(SUPPORTED[1]);
}

/** @param {string} path @returns {boolean} true if the files to compile and link against are there */
function isWhole(path) {
  return (
    existsSync(join(path, 'include', 'ATen', 'core', 'dispatch', 'Dispatcher.h')) &&
    existsSync(join(path, 'lib', 'libtorch_cpu.so')) &&
    existsSync(join(path, 'lib', 'libc10.so'))
  );
}

/** @param {string} path @param {Libtorch['origin']} origin @returns {Libtorch | null} */
function inspect(path, origin) {
  const found = isWhole(path) ? readTorchVersion(path) : null;
  return found && { path, origin, ...found };
}

/** @returns {Libtorch | null} */
function fromVariable() {
  const value = process.env['MUSTER_LIBTORCH'];
  if (!value) return null;
  const path = resolve(value);
  const found = inspect(path, 'MUSTER_LIBTORCH');
  if (!found) {
    throw new SetupError(
      `MUSTER_LIBTORCH names ${path}, which is no libtorch: it must hold include/, lib/libtorch_cpu.so and ` +
        'version.py (a Python torch package) or build-version (the C++ archive).',
    );
  }
  if (!isSupported(found.version)) {
    throw new SetupError(`MUSTER_LIBTORCH names libtorch ${found.version}; 2.11 to 2.13 are supported.`);
  }
  return found;
}

/** @returns {string} the folder in the cache that holds `torch/` */
function ownFolder() {
  return join(cacheFolder(), `torch-${TORCH_VERSION}`);
}

/** @param {(line: string) => void} say @returns {Libtorch | null} */
function fromPython(say) {
  // Found without importing it: milliseconds instead of seconds.
  const code =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  const result = run(pythonProgram(), ['-c', code]);
  const path = result.ok ? result.stdout.trim() : '';
  const found = path === '' ? null : inspect(path, 'python');
  if (found && !isSupported(found.version)) {
    say(`torch: the active Python has torch ${found.version}, passed over (2.11 to 2.13 fit)`);
    return null;
  }
  return found;
}

/** @returns {boolean} true if an NVIDIA driver is loaded */
function hasNvidiaDriver() {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl');
}

/** @param {string} folder @param {readonly string[]} args @returns {import('./shell.mjs').RunResult} */
function pipDownload(folder, args) {
  mkdirSync(folder, { recursive: true });
  return run(pythonProgram(), [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
    ...['--dest', folder, ...args],
  ]);
}

/**
 * The ways to ask pip, in turn. With an NVIDIA driver whatever the configured index gives; without one the CPU build,
 * which PyTorch's own index has where the configured one does not.
 *
 * @returns {string[][]}
 */
function pipRequests() {
  const plain = [`torch==${TORCH_VERSION}`];
  if (hasNvidiaDriver()) return [plain];
  const cpu = `torch==${TORCH_VERSION}+cpu`;
  return [[cpu], [cpu, '--index-url', CPU_INDEX, '--retries', '1', '--timeout', '15'], plain];
}

/** @param {string} scratch @returns {string} path of the wheel */
function downloadWheel(scratch) {
  let last = '';
  for (const [index, request] of pipRequests().entries()) {
    const folder = join(scratch, String(index));
    const result = pipDownload(folder, request);
    const wheel = result.ok ? readdirSync(folder).find((name) => name.endsWith('.whl')) : undefined;
    if (wheel !== undefined) return join(folder, wheel);
    last = reason(result);
  }
  throw new SetupError(
    `pip could not bring torch ${TORCH_VERSION} (${last}): check the network or pip's settings, or set ` +
      'MUSTER_LIBTORCH to a libtorch 2.11 to 2.13, and run `npm ci` again.',
  );
}

/** Installs the CUDA build with its dependencies: alone it does not load. @param {string} site */
function installWithDependencies(site) {
  rmSync(site, { recursive: true, force: true });
  const result = run(pythonProgram(), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'],
    ...['--target', site, `torch==${TORCH_VERSION}`],
  ]);
  if (!result.ok) throw new SetupError(`pip could not install torch ${TORCH_VERSION}: ${reason(result)}`);
}

/**
 * The CPU part of a CUDA build is linked with two small libraries of CUDA, which it looks for beside `torch/`.
 *
 * @param {string} site
 * @param {{ version: string, cuda: string | null }} found
 */
function bringLinkedLibraries(site, { version, cuda }) {
  const major = (cuda ?? '').split('.')[0] ?? '';
  const suffix = Number(major) < 13 ? `-cu${major}` : '';
  const result = run(pythonProgram(), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '--no-deps'],
    ...['--target', site, `nvidia-cuda-runtime${suffix}==${major}.*`, `nvidia-cuda-cupti${suffix}==${major}.*`],
  ]);
  if (result.ok) return;
  throw new SetupError(
    `pip handed out torch ${version}, a CUDA build, and could not bring the two CUDA libraries that it is linked with ` +
      `(${reason(result)}): get the CPU wheel with \`python3 -m pip install torch==${TORCH_VERSION}+cpu --index-url ` +
      `${CPU_INDEX}\` and run \`npm ci\` again.`,
  );
}

/** @param {string} wheel @param {string} site */
function unpack(wheel, site) {
  const script = fileURLToPath(new URL('unpack_wheel.py', import.meta.url));
  mkdirSync(site, { recursive: true });
  const result = run(pythonProgram(), [script, wheel, site]);
  if (!result.ok) throw new SetupError(`the torch wheel could not be unpacked: ${reason(result)}`);
}

/** @param {(line: string) => void} say @returns {Libtorch} */
function fromPip(say) {
  requirePip(`to bring libtorch ${TORCH_VERSION} at set-up`);
  say(`torch: bringing libtorch ${TORCH_VERSION} (about 200 MB, once)`);
  const site = ownFolder();
  withScratch('wheel', (scratch) => {
    const wheel = downloadWheel(scratch);
    makeWhole(site, (temporary) => {
      unpack(wheel, temporary);
      const found = readTorchVersion(join(temporary, 'torch'));
      if (found?.cuda == null) return;
      if (!hasNvidiaDriver()) {
        say(`torch: pip offers the CUDA build ${found.version}; its CPU part is kept`);
        return bringLinkedLibraries(temporary, found);
      }
      say(`torch: pip offers the CUDA build ${found.version}; installing it with its libraries (several GB)`);
      installWithDependencies(temporary);
    });
  });
  const found = inspect(join(site, 'torch'), 'pip');
  if (!found)
    throw new SetupError(`the torch wheel lacks files that are needed: remove ${site} and run \`npm ci\` again.`);
  return found;
}

/**
 * Finds libtorch, or brings it.
 *
 * @param {(line: string) => void} say takes a line that tells what is done
 * @returns {Libtorch}
 * @throws {SetupError} in one sentence, with what to do
 */
export function obtainLibtorch(say) {
  const found = fromVariable() ?? inspect(join(ownFolder(), 'torch'), 'cache') ?? fromPython(say);
  if (found) return found;
  prepareFolder(cacheFolder());
  return fromPip(say);
}
