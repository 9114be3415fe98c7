import { expect, test } from 'vitest';
import { scope, tensor } from '@muster/torch';
import { confidenceWord, marginConfidence } from './confidence.ts';

test('on the centre 1, half-way 0, between by the distances', () => {
  scope(() => {
    const centres = tensor([
      [1, 0],
      [0, 1],
      [-1, 0],
    ]);
    const rows = tensor([
      [1, 0],
      [Math.SQRT1_2, Math.SQRT1_2],
      [0.8, 0.6],
    ]);
    const [on, halfway, near] = marginConfidence(rows, centres);
    expect(on).toBe(1);
    expect(halfway).toBeCloseTo(0, 6);
    expect(near).toBeCloseTo((0.4 - 0.2) / 0.4, 5);
  });
});

test('words change at their bounds', () => {
  expect([0, 0.199, 0.2, 0.499, 0.5, 1].map(confidenceWord)).toEqual([
    'unsure',
    'unsure',
    'fair',
    'fair',
    'sure',
    'sure',
  ]);
});
