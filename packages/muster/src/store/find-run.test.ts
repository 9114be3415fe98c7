import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRun } from './find-run.ts';

let cwd = '';

function makeRun(folder: string, seconds: number | null): string {
  const path = join(cwd, folder);
  mkdirSync(path, { recursive: true });
  if (seconds === null) return path;
  writeFileSync(join(path, 'result.json'), '{}');
  utimesSync(join(path, 'result.json'), seconds, seconds);
  return path;
}

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'muster-find-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('a run is found by its path, its store, its id and as the latest; unfinished ones never', async () => {
  const old = makeRun('muster-a/runs/20260101T000000Z', 1000);
  const newest = makeRun('muster-a/runs/20260102T000000Z', 3000);
  makeRun('muster-a/runs/20260103T000000Z', null);
  const other = makeRun('muster-b/runs/20260101T000001Z', 2000);
  const own = makeRun('out', 500);
  expect(await findRun('out', cwd)).toBe(own);
  expect(await findRun(old, '/')).toBe(old);
  expect(await findRun('muster-a', cwd)).toBe(newest);
  expect(await findRun('muster-b', cwd)).toBe(other);
  expect(await findRun('latest', cwd)).toBe(newest);
  expect(await findRun('20260101T000001Z', cwd)).toBe(other);
});

test('what muster assign left is passed over, and named where it is asked for', async () => {
  const run = makeRun('muster-c/runs/20260101T000000Z', 4000);
  const given = makeRun('muster-c/runs/20260102T000000Z', 5000);
  writeFileSync(join(given, 'assigned.json'), '{}');
  writeFileSync(join(makeRun('labelled', null), 'assigned.json'), '{}');
  expect(await findRun('muster-c', cwd)).toBe(run);
  expect(await findRun('latest', cwd)).toBe(run);
  await expect(findRun(given, cwd)).rejects.toMatchObject({ code: 'store.no-run', exitCode: 2 });
  await expect(findRun('labelled', cwd)).rejects.toThrow(/groups of a run, not a run.*assigned\.json names/u);
});

test('what is no run is refused with what to do', async () => {
  makeRun('empty', null);
  await expect(findRun('empty', cwd)).rejects.toThrow(/holds no finished run.*muster cluster/u);
  await expect(findRun('20260103T000000Z', cwd)).rejects.toMatchObject({ code: 'store.no-run', exitCode: 2 });
  await expect(findRun('latest', join(cwd, 'empty'))).rejects.toThrow(/no finished run here/u);
});
