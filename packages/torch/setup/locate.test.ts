import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EngineRecord } from './locate.mjs';
import { engineFolder, locateEngine, readTorchVersion, sourceHash } from './locate.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-locate-'));
  vi.stubEnv('MUSTER_CACHE', join(folder, 'cache'));
  vi.stubEnv('MUSTER_LIBTORCH', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function writeTorch(version: string, cuda: string | null = null): string {
  const path = join(folder, 'torch');
  mkdirSync(path, { recursive: true });
  const value = cuda === null ? 'None' : `'${cuda}'`;
  const lines = [`__version__ = '${version}'`, `cuda: Optional[str] = ${value}`, "git_version = 'abc'"];
  writeFileSync(join(path, 'version.py'), `from typing import Optional\n${lines.join('\n')}\n`);
  return path;
}

/** Records an engine as the set-up would, for a libtorch of this version. */
function recordEngine(version: string): EngineRecord {
  const hash = sourceHash();
  mkdirSync(engineFolder(hash), { recursive: true });
  const addonPath = join(engineFolder(hash), 'muster_torch.node');
  writeFileSync(addonPath, '');
  const torchPath = join(folder, 'torch');
  const record = {
    addonPath,
    torchPath,
    version,
    git: 'abc',
    cuda: null,
    origin: 'cache',
    hash,
    headers: '1',
  } as const;
  writeFileSync(join(engineFolder(hash), 'engine.json'), JSON.stringify(record));
  return record;
}

test('without an engine the command to run is named', () => {
  expect(() => locateEngine()).toThrow(/not built yet.*run `node .*setup\/install\.mjs`/);
  expect(() => locateEngine()).toThrow(expect.objectContaining({ code: 'E_NATIVE' }));
});

test('an engine built for the libtorch that is there is found', () => {
  writeTorch('2.13.0+cpu');
  const record = recordEngine('2.13.0+cpu');
  expect(locateEngine()).toEqual(record);
});

test('an engine built for another version of libtorch is refused', () => {
  writeTorch('2.12.0+cpu');
  recordEngine('2.13.0+cpu');
  expect(() => locateEngine()).toThrow(/built for libtorch 2\.13\.0\+cpu.*now holds 2\.12\.0\+cpu/);
});

test('an engine whose libtorch is gone is refused', () => {
  recordEngine('2.13.0+cpu');
  expect(() => locateEngine()).toThrow(/no longer in/);
});

test('an engine built for another libtorch than MUSTER_LIBTORCH names is refused', () => {
  writeTorch('2.13.0+cpu');
  recordEngine('2.13.0+cpu');
  vi.stubEnv('MUSTER_LIBTORCH', join(folder, 'other'));
  expect(() => locateEngine()).toThrow(/MUSTER_LIBTORCH names/);
});

test('the hash changes with a source, its name, and nothing else', () => {
  const sources = join(folder, 'native');
  mkdirSync(sources);
  writeFileSync(join(sources, 'addon.cc'), 'int a;');
  const first = sourceHash(sources);
  writeFileSync(join(sources, 'notes.md'), 'not compiled');
  expect(sourceHash(sources)).toBe(first);
  writeFileSync(join(sources, 'addon.cc'), 'int b;');
  expect(sourceHash(sources)).not.toBe(first);
});

test('versions are read from a Python package and from the C++ archive', () => {
  expect(readTorchVersion(writeTorch('2.13.0+cpu'))).toEqual({ version: '2.13.0+cpu', cuda: null, git: 'abc' });
  expect(readTorchVersion(writeTorch('2.12.0+cu130', '13.0'))?.cuda).toBe('13.0');
  const archive = join(folder, 'libtorch');
  mkdirSync(archive);
  expect(readTorchVersion(archive)).toBeNull();
  writeFileSync(join(archive, 'build-version'), '2.11.0+cu128\n');
  expect(readTorchVersion(archive)).toEqual({ version: '2.11.0+cu128', cuda: '128', git: '' });
});
