import { expect, test } from 'vitest';
import type { SweepValue } from '../pipeline/index.ts';
import { sweepTable } from './sweep-table.ts';

const one = (mean: number, sd: number | null = null) => ({ mean, sd });
const value = (given: Partial<SweepValue>): SweepValue => ({
  ...{ value: 5, isOwn: false, acc: null, nmi: null, ari: null, silhouette: null },
  ...{ groups: one(3), effective: one(2.51), seconds: 0.4, ...given },
});

test('a line for each value, the run itself marked, empty columns left out', () => {
  const values = [value({ silhouette: one(0.25) }), value({ value: 'hard', isOwn: true })];
  expect(sweepTable({ key: 'weights', own: 'hard', seeds: [0], values })).toEqual([
    '   weights  silhouette  groups  in effect   a fit',
    '         5       0.250       3        2.5  400 ms',
    '*     hard           -       3        2.5  400 ms',
    '* the run itself',
  ]);
});

test('means of several seeds with their deviation', () => {
  const lines = sweepTable({ key: 'k', own: null, seeds: [0, 1], values: [value({ acc: one(0.5, 0.01234), groups: one(3.5, 0.7) })] }); // prettier-ignore
  expect(lines[1]).toContain('0.500 ± 0.012');
  expect(lines[1]).toContain('3.5 ± 0.7');
  expect(lines.at(-1)).toBe('mean ± sd of 2 seeds');
});
