import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { liveTensors } from '@muster/torch';
import { outputMarker } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { writeFileAtomic } from './atomic-write.ts';
import { EmbeddingCache, identityKey } from './embedding-cache.ts';
import { chooseLocations, recordStore, storeName } from './locations.ts';
import { checkRunFolder, makeRunFolder, runFiles, writeRun } from './run-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ignore = (): void => undefined;
const identity = { root: '/photos', path: Buffer.from('a.jpg'), sizeBytes: 10, mtimeMs: 5 };

describe('writeFileAtomic', () => {
  test('writes into folders that are not there yet and leaves no temporary file', async () => {
    await writeFileAtomic(join(folder, 'a/b/c.txt'), 'one');
    await writeFileAtomic(join(folder, 'a/b/c.txt'), 'two');
    expect(readFileSync(join(folder, 'a/b/c.txt'), 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'a/b'))).toEqual(['c.txt']);
  });

  test('a target that cannot be replaced keeps its state and names the way out', async () => {
    mkdirSync(join(folder, 'taken/inside'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toMatchObject({
      code: 'store.write',
      exitCode: 4,
    });
    expect(readdirSync(folder)).toEqual(['taken']);
    await expect(writeFileAtomic('/proc/nowhere/x', 'x')).rejects.toThrow(/--out DIR/u);
  });
});

describe('chooseLocations', () => {
  test('the store is in the working directory and named after the images', () => {
    expect(chooseLocations({ source: '/data/My photos.tar.gz', cwd: folder })).toEqual({
      store: join(folder, 'muster-My-photos'),
      run: null,
    });
    expect([storeName('/'), storeName('/a/..b'), storeName('/a/ü "x".tar')]).toEqual([
      'muster-images',
      'muster-b',
      'muster-ü-x',
    ]);
  });

  test('nothing lands inside the image folder, links seen through', () => {
    const images = join(folder, 'images');
    mkdirSync(images);
    symlinkSync(images, join(folder, 'link'));
    expect(() => chooseLocations({ source: '.', cwd: images })).toThrow(/--out DIR/u);
    for (const inside of ['images/out', 'link/out', 'images']) {
      expect(() => chooseLocations({ source: images, out: inside, cwd: folder })).toThrow(/inside the image folder/u);
    }
    const run = join(folder, 'images-out');
    expect(chooseLocations({ source: '.', out: run, cwd: images })).toEqual({ store: join(run, 'muster-images'), run });
  });

  test('a run records its store by the way to it where one lies in the other, else by its path', () => {
    const store = join(folder, 'muster-photos');
    const run = (path: string): string => recordStore({ store, run: join(folder, path) });
    expect(recordStore({ store, run: null })).toBe('../..');
    expect(run('muster-photos/mine')).toBe('..');
    expect(run('elsewhere')).toBe(store);
    expect(recordStore({ store: join(folder, 'run', 'muster-photos'), run: join(folder, 'run') })).toBe(
      'muster-photos',
    );
    expect(recordStore({ store, run: store })).toBe('.');
  });

  test.skipIf(process.getuid?.() === 0)(
    'from a folder that may not be written to, the store goes where the run does',
    () => {
      chmodSync(folder, 0o500);
      const run = join(tmpdir(), 'elsewhere');
      expect(chooseLocations({ source: '/photos', out: run, cwd: folder }).store).toBe(join(run, 'muster-photos'));
      expect(chooseLocations({ source: '/photos', cwd: folder }).store).toBe(join(folder, 'muster-photos'));
      chmodSync(folder, 0o700);
    },
  );
});

describe('run folders', () => {
  test('two runs in one second get two folders, and the result is written last', async () => {
    const now = new Date('2026-11-24T10:11:12.345Z');
    const [first, second] = [await makeRunFolder(folder, now), await makeRunFolder(folder, now)];
    expect(first).toBe(join(folder, 'runs', '20261124T101112Z'));
    expect(second).toBe(`${first}-2`);
    mkdirSync(join(first, 'report.html')); // so that writing the report fails
    await expect(writeRun(first, { 'result.json': '{}', 'report.html': 'x' })).rejects.toMatchObject({
      code: 'store.write',
    });
    expect(existsSync(join(first, 'result.json'))).toBe(false);
  });

  test('a folder with other files is not taken, an earlier run may be replaced', async () => {
    writeFileSync(join(folder, 'letter.txt'), 'mine');
    const store = join(folder, 'muster-photos');
    await expect(checkRunFolder(folder, store)).rejects.toMatchObject({ code: 'store.occupied', exitCode: 2 });
    writeFileSync(join(folder, 'result.json'), '{}');
    await checkRunFolder(folder, store);
    await checkRunFolder(join(folder, 'new'), store);
    await expect(checkRunFolder(join(folder, 'letter.txt'), store)).rejects.toThrow(/is a file/u);
  });

  test('what a stopped run left is no obstacle for the next one', async () => {
    const run = join(folder, 'run');
    const store = join(run, 'muster-photos');
    mkdirSync(store, { recursive: true });
    for (const name of [outputMarker, '.report.html.12-3.tmp', ...runFiles.slice(0, 3)]) {
      writeFileSync(join(run, name), '');
      await checkRunFolder(run, store);
    }
    await expect(checkRunFolder(run, join(folder, 'muster-photos'))).rejects.toThrow(/other files/u);
  });
});

describe('EmbeddingCache', () => {
  const rows = Float32Array.from([1, 2, 0.5, -4, 5, 0.25]); // exact in float16

  test('what is added is there for the next run, in any order, and nothing else', async () => {
    const before = liveTensors();
    const cache = await EmbeddingCache.open(folder, 'e', 3, ignore);
    expect(readdirSync(folder)).toEqual([]);
    await cache.append(['a'.repeat(32), 'b'.repeat(32)], rows);
    expect(readdirSync(folder).sort()).toEqual([outputMarker, 'embeddings']);
    const again = await EmbeddingCache.open(folder, 'e', 3, ignore);
    const out = new Float32Array(9).fill(7);
    again.read(['b'.repeat(32), 'c'.repeat(32), 'a'.repeat(32)], out);
    expect([...out]).toEqual([-4, 5, 0.25, 7, 7, 7, 1, 2, 0.5]);
    expect([again.size, again.has('c'.repeat(32))]).toEqual([2, false]);
    expect(liveTensors()).toBe(before);
  });

  test('another size or time is another image', () => {
    const keys = [
      identity,
      { ...identity, sizeBytes: 11 },
      { ...identity, mtimeMs: 6 },
      { ...identity, root: '/x' },
    ].map(identityKey);
    expect(new Set(keys).size).toBe(4);
    expect(identityKey({ ...identity })).toBe(keys[0]);
  });

  test('a torn or foreign file counts as absent and is named', async () => {
    const cache = await EmbeddingCache.open(folder, 'e', 3, ignore);
    await cache.append(['a'.repeat(32), 'b'.repeat(32)], rows);
    const name = readdirSync(cache.folder).find((entry) => entry.endsWith('.safetensors')) ?? '';
    const whole = readFileSync(join(cache.folder, name));
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(join(cache.folder, name), whole.subarray(0, length));
      const events: MusterEvent[] = [];
      const torn = await EmbeddingCache.open(folder, 'e', 3, (event) => events.push(event));
      expect([torn.size, events.length, events[0]?.level]).toEqual([0, 1, 'warning']);
      expect(events[0]?.message).toContain(name);
    }
    writeFileSync(join(cache.folder, name), whole);
    expect((await EmbeddingCache.open(folder, 'e', 4, ignore)).size).toBe(0); // another width
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written to is said so', async () => {
    chmodSync(folder, 0o500);
    const cache = await EmbeddingCache.open(folder, 'e', 3, ignore);
    await expect(cache.append(['a'.repeat(32), 'b'.repeat(32)], rows)).rejects.toMatchObject({
      code: 'store.read-only',
    });
    chmodSync(folder, 0o700);
  });
});
