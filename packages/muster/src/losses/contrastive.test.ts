import { expect, test } from 'vitest';
import { scope, tensor } from '@muster/torch';
import { twinsNearest } from './contrastive.ts';

test('the share of rows whose twin is nearer than any other; as near as another is not nearer', () => {
  scope(() => {
    const rows = (...values: number[]) => tensor(Float32Array.from(values), [values.length / 2, 2]);
    const za = rows(1, 0, 0, 1, -1, 0);
    expect(twinsNearest(za, rows(2, 0.1, 0.1, 3, -1, 0.1)).item()).toBe(1);
    expect(twinsNearest(za, rows(0.1, 3, 2, 0.1, -1, 0.1)).item()).toBeCloseTo(1 / 3, 6);
    expect(twinsNearest(rows(1, 1, 1, 1), rows(1, 1, 1, 1)).item()).toBe(0);
  });
});
