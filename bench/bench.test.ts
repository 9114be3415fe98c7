import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnOf, kindOf } from './machine.ts';
import type { Machine } from './machine.ts';
import { median } from './measure.ts';
import { formatTime, renderReport } from './report.ts';
import { mergeResults, readResults } from './results.ts';
import type { Result } from './results.ts';
import type { Row } from './row.ts';
import { chooseRows, rows } from './rows.ts';
import { Side } from './side.ts';

const zen3: Machine = {
  ...{
    vendor: 'AuthenticAMD',
    family: 25,
    model: 1,
    name: 'Some CPU',
    cores: 2,
    avx2: true,
    avx512: false,
    bf16: false,
  },
  ...{ memoryGiB: 24, system: 'Linux', versions: { node: '24' } },
};

const row: Row = {
  name: 'some-row',
  work: 'some work',
  goals: { amd26: 0.5, amd25: 0.8, intel: 0.9 },
  peer: { title: 'a peer', program: 'none.py' },
  prepare: () => ({ checks: [], run: () => undefined }),
};

const result: Result = {
  ...{ name: 'some-row', ours: 70, peer: 100, ratio: 0.7, goal: 0.8, met: true, unit: 'ms' },
  ...{ spread: [0.65, 0.75], rounds: 5, date: '2026-01-02' },
};

/** A side made of a few lines of JavaScript. */
function side(code: string): Side {
  return new Side('a side', [process.execPath, '-e', code], process.env);
}

const echo = `
  console.log('something else');
  console.log('@ ' + JSON.stringify({ ready: { checks: [{ name: 'c', value: 1, limit: 2 }] } }));
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const times = Array.from({ length: Number(line.split(' ')[1]) }, (_, i) => i + 1);
    console.log('@ ' + JSON.stringify({ times }));
  });`;

test('rows have names of their own, and goals that can be met', () => {
  expect(new Set(rows.map((candidate) => candidate.name)).size).toBe(rows.length);
  for (const { name, goals } of rows) {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const goal of Object.values(goals)) expect(goal).toBeGreaterThan(0);
  }
});

test('words choose rows by name or by the beginning of it', () => {
  expect(chooseRows(['vit-step']).map((chosen) => chosen.name)).toEqual(['vit-step-float32', 'vit-step-bfloat16']);
  expect(chooseRows(['kmeans-10']).map((chosen) => chosen.name)).toEqual(['kmeans-10']);
  expect(chooseRows([])).toBe(rows);
  expect(() => chooseRows(['kmeans-1'])).toThrow(/no row kmeans-1;/);
});

test('the median of an even number of values lies between the middle ones', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a machine has a column of goals, or none', () => {
  expect(columnOf(zen3)).toBe('amd25');
  expect(columnOf({ ...zen3, family: 26 })).toBe('amd26');
  expect(columnOf({ ...zen3, family: 23 })).toBeUndefined();
  expect(columnOf({ ...zen3, vendor: 'GenuineIntel', family: 6 })).toBe('intel');
  expect(kindOf(zen3)).toBe('amd-family-25-model-1');
});

describe('a side', () => {
  test('says that it is ready, works, and ends', async () => {
    const program = side(echo);
    expect(await program.ready()).toEqual({ checks: [{ name: 'c', value: 1, limit: 2 }] });
    expect(await program.run(3)).toEqual([1, 2, 3]);
    await program.close();
  });

  test('that ends too early is an error with its last words', async () => {
    const program = side(`console.error('no such thing'); process.exit(3)`);
    await expect(program.ready()).rejects.toThrow(/a side ended: no such thing/);
    await program.close();
  });

  test('that cannot be started is an error', async () => {
    const program = new Side('a side', ['/nonexistent/program'], process.env);
    await expect(program.ready()).rejects.toThrow(/ENOENT/);
    await program.close();
  });
});

describe('results', () => {
  let folder = '';
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'muster-results-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are merged by row and kept by kind of machine', () => {
    mergeResults(zen3, [result, { ...result, name: 'other-row' }], folder);
    mergeResults({ ...zen3, family: 26 }, [result], folder);
    const merged = mergeResults({ ...zen3, versions: { pytorch: '2' } }, [{ ...result, ratio: 0.6 }], folder);
    expect(merged.rows.map((kept) => [kept.name, kept.ratio])).toEqual([
      ['other-row', 0.7],
      ['some-row', 0.6],
    ]);
    expect(merged.machine.versions).toEqual({ node: '24', pytorch: '2' });
    expect(readResults(folder).map((file) => file.machine.family)).toEqual([25, 26]);
  });
});

describe('the page', () => {
  test('has a table a machine, with every row in it', () => {
    const unmeasured: Row = { ...row, name: 'new-row' };
    const page = renderReport([{ machine: zen3, rows: [result] }], [row, unmeasured]);
    expect(page).toContain('## AMD family 25, model 1');
    expect(page).toContain(
      '| some-row | some work | a peer | 70.0 ms | 100 ms | **0.70** (0.65–0.75) | ≤ 0.80 | yes | 2026-01-02 |',
    );
    expect(page).toContain('| new-row | some work | a peer | not run yet | | | ≤ 0.80 | | |');
  });

  test('says why there are no numbers', () => {
    const failed: Result = { ...result, ours: null, peer: null, ratio: null, met: false, error: 'it broke' };
    expect(renderReport([{ machine: zen3, rows: [failed] }], [row])).toContain('| it broke | | | ≤ 0.80 | no |');
  });

  test('shows three digits', () => {
    expect([0.8123, 12.34, 1234.5].map(formatTime)).toEqual(['0.812', '12.3', '1235']);
  });
});
