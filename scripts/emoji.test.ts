import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseEmoji, isLaidOut } from './emoji.mjs';

const file = createRequire(import.meta.url).resolve('emoji-datasource-google/emoji.json');
const all = JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof chooseEmoji>[0];

test('400 to 600 pictures of 15 to 20 kinds, at most 40 of each, none twice', () => {
  const chosen = chooseEmoji(all);
  const sizes = new Map<string, number>();
  for (const { label } of chosen) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  expect(chosen.length).toBeGreaterThanOrEqual(400);
  expect(chosen.length).toBeLessThanOrEqual(600);
  expect(sizes.size).toBeGreaterThanOrEqual(15);
  expect(sizes.size).toBeLessThanOrEqual(20);
  expect(Math.max(...sizes.values())).toBe(40);
  expect(Math.min(...sizes.values())).toBeGreaterThanOrEqual(10);
  expect(new Set(chosen.map((emoji) => emoji.file)).size).toBe(chosen.length);
});

test('file names are code points: they say nothing of the kind, and are safe in a table', () => {
  for (const emoji of chooseEmoji(all)) expect(emoji.file).toMatch(/^[0-9a-f]+(-[0-9a-f]+)*\.png$/);
});

test('a folder is laid out where it holds just the chosen pictures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-emoji-'));
  const chosen = [{ file: '1.png' }, { file: '2.png' }];
  const states = ['1.png', '2.png', '3.png'].map((name) => {
    writeFileSync(join(folder, name), '');
    return isLaidOut(folder, chosen);
  });
  rmSync(folder, { recursive: true });
  expect([...states, isLaidOut(folder, chosen)]).toEqual([false, true, false, false]);
});
