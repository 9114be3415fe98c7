/**
 * The set-up on machines that lack something, in child processes with programs of our own in PATH: one line, exit
 * status 1, and nothing left in the cache.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const INSTALL = fileURLToPath(new URL('install.mjs', import.meta.url));
const HEADER = 'include/ATen/core/dispatch/Dispatcher.h';

let folder = '';
let cache = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-install-'));
  cache = join(folder, 'cache');
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function provide(name: string, script: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function install(env: Record<string, string> = {}): { status: number | null; line: string } {
  const result = spawnSync(process.execPath, [INSTALL], {
    encoding: 'utf8',
    env: { PATH: join(folder, 'bin'), HOME: folder, MUSTER_CACHE: cache, ...env },
  });
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
  return { status: result.status, line: result.stderr.trim() };
}

/** Everything in the cache, as relative paths. */
function cached(): string[] {
  return existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];
}

function writeTorch(version: string): string {
  const path = join(folder, 'torch');
  for (const name of [HEADER, 'lib/libtorch_cpu.so', 'lib/libc10.so']) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), '');
  }
  writeFileSync(join(path, 'version.py'), `__version__ = '${version}'\ncuda = None\ngit_version = 'abc'\n`);
  return path;
}

test('no compiler', () => {
  const { status, line } = install();
  expect(status).toBe(1);
  expect(line).toMatch(/C\+\+ compiler is needed.*`g\+\+`, `c\+\+`, `clang\+\+` were not found.*apt install g\+\+/);
  expect(cached()).toEqual([]);
});

test.each([
  ['clang++', {}],
  ['ccache', { CXX: 'ccache  g++ -pipe' }],
])('%s serves as compiler, with the arguments that CXX gives it', (name, env: Record<string, string>) => {
  provide(name, `echo "$@" >> '${folder}/calls'; [ "$#" -lt 5 ] || { echo "x.cc:1: error: no" >&2; exit 1; }`);
  expect(install({ MUSTER_LIBTORCH: writeTorch('2.13.0+cpu'), ...env }).line).toMatch(/did not compile: x\.cc:1/);
  const last = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').at(-1);
  expect(last).toMatch(name === 'ccache' ? /^g\+\+ -pipe -O2 / : /^-O2 /);
});

test('no Python', () => {
  provide('g++', 'exit 0');
  const { status, line } = install();
  expect(status).toBe(1);
  expect(line).toMatch(/Python 3 with pip is needed.*apt install python3/);
  expect(cached()).toEqual([]);
});

test('Python without pip', () => {
  provide('g++', 'exit 0');
  provide('python3', '[ "$1" = --version ]');
  const { status, line } = install();
  expect(status).toBe(1);
  expect(line).toMatch(/pip is needed.*apt install python3-pip/);
  expect(cached()).toEqual([]);
});

test('no network', () => {
  provide('g++', 'exit 0');
  provide('python3', 'if [ "$3" = download ]; then echo "ERROR: No matching distribution" >&2; exit 1; fi');
  const { status, line } = install();
  expect(status).toBe(1);
  expect(line).toMatch(/pip could not bring torch .*No matching distribution.*MUSTER_LIBTORCH/);
  expect(cached()).toEqual([]);
});

test('a wheel that cannot be unpacked leaves nothing', () => {
  provide('g++', 'exit 0');
  const download = 'while [ "$1" != --dest ]; do shift; done; : > "$2/torch.whl"; exit 0';
  provide('python3', `[ "$3" = download ] && { ${download}; }\ncase "$1" in --version|-m) exit 0;; *) exit 1;; esac`);
  const { status, line } = install();
  expect(status).toBe(1);
  expect(line).toMatch(/wheel could not be unpacked/);
  expect(cached()).toEqual([]);
});

const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout?.trim();
const hasDriver = existsSync('/dev/nvidiactl') || existsSync('/proc/driver/nvidia/version');

test.skipIf(!python || hasDriver)('a CUDA build without a driver, and without the libraries it is linked with', () => {
  const wheel = join(folder, 'torch.whl');
  const text = "__version__ = '2.13.0+cu130'\\ncuda = '13.0'\\n";
  const code = `import zipfile; zipfile.ZipFile(r'${wheel}', 'w').writestr('torch/version.py', "${text}")`;
  expect(spawnSync(python, ['-c', code]).status).toBe(0);
  provide('g++', 'exit 0');
  const copy = `while [ "$1" != --dest ]; do shift; done; /bin/cp '${wheel}' "$2"; exit 0`;
  const refuse = 'echo "$@" > "$HOME/asked"; echo "ERROR: no such package" >&2; exit 1';
  provide(
    'python3',
    `[ "$3" = download ] && { ${copy}; }\n[ "$3" = install ] && { ${refuse}; }\nexec '${python}' "$@"`,
  );
  const { status, line } = install();
  expect(status).toBe(1);
  expect(line).toMatch(/2\.13\.0\+cu130, a CUDA build.*no such package.*torch==2\.13\.0\+cpu --index-url/);
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toContain('nvidia-cuda-runtime==13.* nvidia-cuda-cupti==13.*');
  expect(cached()).toEqual([]);
});

test('MUSTER_LIBTORCH that is no libtorch, or another version', () => {
  provide('g++', 'exit 0');
  expect(install({ MUSTER_LIBTORCH: folder }).line).toMatch(/is no libtorch/);
  const { status, line } = install({ MUSTER_LIBTORCH: writeTorch('2.9.1+cpu') });
  expect(status).toBe(1);
  expect(line).toMatch(/libtorch 2\.9\.1\+cpu; 2\.11 to 2\.13/);
});

test('a compiler that fails is one line, with its first error and a log', () => {
  provide('g++', '[ "$1" = --version ] && exit 0\necho "addon.cc:1: error: expected ;" >&2; echo more >&2; exit 1');
  const { status, line } = install({ MUSTER_LIBTORCH: writeTorch('2.13.0+cpu') });
  expect(status).toBe(1);
  expect(line).toMatch(/did not compile: addon\.cc:1: error: expected ;.*compile\.log/);
  expect(cached().filter((name) => name.includes('.node') || name.endsWith('.json'))).toEqual([]);
});

test('an addon that does not load is not kept', () => {
  provide('g++', '[ "$1" = --version ] && exit 0\nwhile [ "$1" != -o ]; do shift; done; echo nonsense > "$2"');
  const { status, line } = install({ MUSTER_LIBTORCH: writeTorch('2.13.0+cpu') });
  expect(status).toBe(1);
  expect(line).toMatch(/compiled engine does not load/);
  expect(cached().filter((name) => name.includes('.node') || name.endsWith('.json'))).toEqual([]);
});
