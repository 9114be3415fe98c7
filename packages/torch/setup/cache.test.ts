import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWhole, prepareFolder } from './cache.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-cache-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('what is made appears under its final name only when it is whole', () => {
  const path = join(folder, 'deep', 'file');
  makeWhole(path, (temporary) => {
    writeFileSync(temporary, 'whole');
    expect(existsSync(path)).toBe(false);
  });
  expect(readFileSync(path, 'utf8')).toBe('whole');
  expect(readdirSync(join(folder, 'deep'))).toEqual(['file']);
});

test('a failure leaves nothing', () => {
  const making = () =>
    makeWhole(join(folder, 'thing'), (temporary) => {
      mkdirSync(temporary);
      writeFileSync(join(temporary, 'half'), 'half');
      throw new Error('interrupted');
    });
  expect(making).toThrow('interrupted');
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that another process finished first stays', () => {
  const path = join(folder, 'torch');
  makeWhole(path, (temporary) => {
    mkdirSync(temporary);
    mkdirSync(path);
    writeFileSync(join(path, 'theirs'), '');
  });
  expect(readdirSync(path)).toEqual(['theirs']);
  expect(readdirSync(folder)).toEqual(['torch']);
});

test('leftovers of killed set-ups are removed, those of running ones stay', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  mkdirSync(join(folder, `torch.making-${dead}`));
  mkdirSync(join(folder, `torch.making-${process.ppid}`));
  prepareFolder(folder);
  expect(readdirSync(folder)).toEqual([`torch.making-${process.ppid}`]);
});
