import type { Tensor } from '@muster/torch';
import { generator, liveTensors, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { trustworthiness } from './index.ts';
import type { RowMetric } from './index.ts';

/** Every row's other rows, nearest first, ties by the lower index. */
function orders(x: Tensor, metric: RowMetric): number[][] {
  const [n = 0, d = 0] = x.shape;
  const values = [...x.toFloat64Array()];
  const rows = Array.from({ length: n }, (_, i) => values.slice(i * d, (i + 1) * d));
  const length = (row: number[]): number => Math.hypot(...row);
  const far = (a: number[], b: number[]): number =>
    metric === 'euclidean'
      ? length(a.map((value, j) => value - (b[j] ?? NaN)))
      : 1 - a.reduce((sum, value, j) => sum + value * (b[j] ?? NaN), 0) / (length(a) * length(b));
  return rows.map((row, i) => {
    const distances = rows.map((other) => far(row, other));
    return rows
      .flatMap((_, j) => (j === i ? [] : [j]))
      .sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0) || a - b);
  });
}

function plain(x: Tensor, y: Tensor, k: number, metric: RowMetric): number {
  const n = x.shape[0] ?? 0;
  const original = orders(x, metric);
  const penalty = orders(y, 'euclidean')
    .flatMap((order, i) => order.slice(0, k).map((j) => Math.max(0, (original[i] ?? []).indexOf(j) + 1 - k)))
    .reduce((sum, value) => sum + value, 0);
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1));
}

describe('trustworthiness', () => {
  it.each([
    ['euclidean', 5],
    ['cosine', 12],
    ['euclidean', 1],
  ] as const)('equals the definition: %s, %d neighbours', (metric, k) => {
    const random = generator(1);
    const x = torch.randn([80, 6], { generator: random, dtype: 'float64' });
    const y = x.narrow(1, 0, 2).add(torch.randn([80, 2], { generator: random, dtype: 'float64' }), { alpha: 0.3 });
    expect(trustworthiness(x, y, { k, metric })).toBeCloseTo(plain(x, y, k, metric), 12);
  });

  it('takes ties by the lower index, on both sides', () => {
    const random = generator(2);
    for (let round = 0; round < 20; round++) {
      const x = torch.randint(0, 3, [30, 2], { generator: random, dtype: 'float64' });
      const y = torch.randint(0, 3, [30, 1], { generator: random, dtype: 'float64' });
      expect(trustworthiness(x, y, { k: 4 })).toBeCloseTo(plain(x, y, 4, 'euclidean'), 12);
    }
  });

  it('is 1 for the same rows, about a half for unrelated ones, in blocks too', () => {
    const random = generator(3);
    const x = torch.randn([2_500, 420], { generator: random });
    const line = torch.randn([2_500, 1], { generator: random });
    expect(x.numel).toBeGreaterThan(2 ** 20);
    expect(trustworthiness(x, x.to('float64').mul(2), { k: 7 })).toBeGreaterThan(0.999999);
    expect(Math.abs(trustworthiness(x, line, { k: 7 }) - 0.5)).toBeLessThan(0.03);
  });

  it('refuses tables that do not match and too many neighbours', () => {
    const x = torch.randn([10, 2]);
    expect(() => trustworthiness(x, torch.randn([9, 2]), { k: 2 })).toThrow(
      'the original has 10 rows, the embedding 9',
    );
    expect(() => trustworthiness(x, x, { k: 5 })).toThrow('5 neighbours of 10 rows');
    expect(() => trustworthiness(x, x, { k: 0 })).toThrow('0 neighbours of 10 rows');
    expect(() => trustworthiness(x, tensor([NaN, ...Array<number>(9).fill(1)], [10, 1]), { k: 2 })).toThrow(
      'row 0 of the embedding',
    );
  });

  it('leaves no tensor behind', () => {
    const x = torch.randn([20, 3]);
    const before = liveTensors();
    trustworthiness(x, x.narrow(1, 0, 2), { k: 3 });
    expect(liveTensors()).toBe(before + 1);
  });
});
