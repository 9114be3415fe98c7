import { describe, expect, test } from 'vitest';
import { scope, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { Random } from '../base/index.ts';
import { estimateGroups } from './number-of-groups.ts';

/** Unit rows around `groups` random directions in 32 dimensions. */
function blobs(groups: number, each: number, spread: number, seed: number): Tensor {
  const random = new Random(seed);
  const normal = (): number[] => Array.from({ length: 32 }, () => random.normal());
  const centres = Array.from({ length: groups }, normal);
  const rows = centres.flatMap((centre) =>
    Array.from({ length: each }, () => normal().map((value, at) => (centre[at] ?? 0) + spread * value)),
  );
  const x = tensor(Float32Array.from(rows.flat()), [groups * each, 32]);
  return x.div(torch.linalgVectorNorm(x, 2, [1], true));
}

describe('estimateGroups', () => {
  test.each([2, 5, 12, 30])('finds %i well separated groups', (groups) => {
    scope(() => expect(estimateGroups(blobs(groups, 60, 0.4, groups), 0).groups).toBe(groups));
  });

  test('small groups of 8 are found too', () => {
    scope(() => expect(estimateGroups(blobs(6, 8, 0.3, 1), 0).groups).toBe(6));
  });

  test('separation tells groups from one cloud', () => {
    scope(() => {
      expect(estimateGroups(blobs(5, 40, 0.4, 1), 0).separation).toBeGreaterThan(0.9);
      expect(estimateGroups(blobs(1, 200, 50, 1), 0).separation).toBeLessThan(0.6);
    });
  });

  test('the same seed gives the same answer, and 1 to 3 rows are one group', () => {
    scope(() => {
      const rows = blobs(9, 20, 0.9, 3);
      expect(estimateGroups(rows, 4)).toEqual(estimateGroups(rows, 4));
      for (const n of [1, 2, 3]) expect(estimateGroups(rows.narrow(0, 0, n), 0).groups).toBe(1);
      expect(estimateGroups(rows.narrow(0, 0, 4), 0).groups).toBeGreaterThanOrEqual(1);
    });
  });
});
