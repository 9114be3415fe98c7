/** Compiles the addon for one libtorch, proves that it loads, and records it. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cacheFolder, makeWhole, prepareFolder, writeJson } from './cache.mjs';
import { COMPILE_FLAGS, NATIVE_FOLDER, engineFolder, nodeApiHeaders, sourceHash } from './locate.mjs';
import { SetupError, reason, run } from './shell.mjs';

/** Compilers to try where `CXX` names none. */
const COMPILERS = Object.freeze(['g++', 'c++', 'clang++']);

/**
 * Finds the C++ compiler: what `CXX` says, which may have arguments (`ccache g++`), else the first that is there.
 *
 * @returns {readonly [string, ...string[]]} program and arguments
 * @throws {SetupError} if there is none
 */
export function requireCompiler() {
  const wanted = (process.env['CXX'] ?? '').trim();
  const candidates = wanted === '' ? COMPILERS : [wanted];
  for (const candidate of candidates) {
    const [program = candidate, ...args] = candidate.split(/\s+/);
    if (run(program, [...args, '--version']).ok) return [program, ...args];
  }
  const names = candidates.map((name) => `\`${name}\``);
  throw new SetupError(
    `a C++ compiler is needed to build the engine, and ${names.join(', ')} ${names.length > 1 ? 'were' : 'was'} not found: ` +
      'install one (Debian, Ubuntu: `apt install g++`), or set CXX, and run `npm ci` again.',
  );
}

/**
 * The compiler's arguments. `addon.cc` includes the other sources: the headers of ATen take most of the time, and so
 * they are read once.
 *
 * @param {string} torchPath
 * @param {string} output
 * @returns {string[]}
 */
export function compileArguments(torchPath, output) {
  const lib = join(torchPath, 'lib');
  // CUDA's operators register themselves when their library loads, which a linker would drop as unused.
  const cuda = ['torch_cuda', 'c10_cuda'].filter((name) => existsSync(join(lib, `lib${name}.so`)));
  const kept = cuda.length > 0 ? ['-Wl,--no-as-needed', ...cuda.map((name) => `-l${name}`), '-Wl,--as-needed'] : [];
  const include = join(torchPath, 'include');
  return [
    ...COMPILE_FLAGS,
    ...['-isystem', include, '-isystem', join(include, 'torch', 'csrc', 'api', 'include')],
    ...['-isystem', nodeApiHeaders().include, join(NATIVE_FOLDER, 'addon.cc'), '-o', output],
    ...[`-L${lib}`, '-ltorch_cpu', '-lc10', ...kept, `-Wl,-rpath,${lib}`],
  ];
}

/** Loads the addon in a process of its own, so that a crash is a sentence. @param {string} file */
function smokeTest(file) {
  const code = 'process.dlopen({ exports: {} }, process.argv[1])';
  const result = run(process.execPath, ['-e', code, file]);
  if (!result.ok) throw new SetupError(`the compiled engine does not load: ${reason(result)}`);
}

/**
 * What makes `at::parallel_for` run on libtorch's threads in the addon's own kernels, which without it compiles to a plain loop and
 * says nothing. Only GCC's OpenMP is libtorch's; Clang's would be a second one in the process, so there the kernels stay serial.
 *
 * @param {readonly [string, ...string[]]} compiler
 * @returns {string[]}
 */
export function threadingArguments([program, ...args]) {
  const { ok, stdout } = run(program, [...args, '-fopenmp', '-dM', '-E', '-x', 'c++', '/dev/null']);
  return ok && stdout.includes('#define _OPENMP') && !stdout.includes('#define __clang__') ? ['-fopenmp'] : [];
}

/** @param {readonly [string, ...string[]]} compiler @param {string} torchPath @param {string} output */
function compile(compiler, torchPath, output) {
  const [program, ...args] = compiler;
  const result = run(program, [...args, ...threadingArguments(compiler), ...compileArguments(torchPath, output)]);
  if (result.ok) return;
  const log = join(cacheFolder(), 'engine', 'compile.log');
  writeFileSync(log, result.stderr);
  throw new SetupError(`the engine did not compile: ${reason(result)} (all of the compiler's output: ${log})`);
}

/**
 * Builds the engine for this libtorch, unless that very build is there.
 *
 * @param {import('./libtorch.mjs').Libtorch} torch
 * @returns {{ record: import('./locate.mjs').EngineRecord, seconds: number | null }} seconds: null if it was there
 */
export function buildEngine(torch) {
  const hash = sourceHash();
  const folder = engineFolder(hash);
  if (readdirSync(NATIVE_FOLDER).length === 0)
    throw new SetupError(`the engine's C++ sources are missing in ${NATIVE_FOLDER}`);
  prepareFolder(join(cacheFolder(), 'engine'));
  prepareFolder(folder);
  const build = createHash('sha256').update(JSON.stringify([torch.path, torch.version, torch.git, torch.cuda]));
  const addonPath = join(folder, `muster_torch-${build.digest('hex').slice(0, 12)}.node`);
  let seconds = null;
  if (!existsSync(addonPath)) {
    const compiler = requireCompiler();
    const start = performance.now();
    makeWhole(addonPath, (temporary) => {
      compile(compiler, torch.path, temporary);
      smokeTest(temporary);
    });
    seconds = (performance.now() - start) / 1000;
  }
  const { version, cuda, git, origin } = torch;
  const record = {
    addonPath,
    torchPath: torch.path,
    version,
    git,
    cuda,
    origin,
    hash,
    headers: nodeApiHeaders().version,
  };
  writeJson(join(folder, 'engine.json'), record);
  return { record, seconds };
}
