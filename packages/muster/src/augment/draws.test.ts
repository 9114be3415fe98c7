import { describe, expect, test } from 'vitest';
import { Draws } from './draws.ts';

const rows = Int32Array.from({ length: 20_000 }, (_, at) => at);
const draws = (changes: Partial<{ seed: number; epoch: number; view: number; rows: ArrayLike<number> }> = {}) =>
  new Draws({ seed: 3, epoch: 1, view: 0, rows, ...changes });

describe('Draws', () => {
  test('are an image’s own: order, size and company of the batch change nothing', () => {
    const some = [17, 4, 19_999];
    const batch = draws({ rows: some });
    const pick = <T>(whole: ArrayLike<T>) => some.map((row) => whole[row]);
    expect([...batch.uniform('a', -1, 1)]).toEqual(pick(draws().uniform('a', -1, 1)));
    expect([...batch.below('a', 7)]).toEqual(pick(draws().below('a', 7)));
    expect([...batch.chance('a', 0.5)]).toEqual(pick(draws().chance('a', 0.5)));
    const orders = draws().permutation('a', 4);
    expect([...batch.permutation('a', 4)]).toEqual(some.flatMap((row) => [...orders.subarray(4 * row, 4 * row + 4)]));
    expect(draws().part(some).uniform('a')).toEqual(batch.uniform('a'));
  });

  test('differ by seed, epoch, view, row and name', () => {
    const first = (changes: Parameters<typeof draws>[0], name = 'a') =>
      draws({ rows: [5], ...changes }).uniform(name)[0];
    const all = [
      ...[{}, { seed: 4 }, { epoch: 2 }, { view: 1 }, { rows: [6] }, { rows: [5 + 2 ** 32] }].map((x) => first(x)),
      first({}, 'b'),
      draws({ rows: [5] })
        .inside('a')
        .uniform('a')[0],
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('have the moments of what they say, and streams that know nothing of one another', () => {
    const [a, b] = [draws().uniform('a', -1, 3), draws().uniform('b', -1, 3)];
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(a) - 1)).toBeLessThan(0.04);
    expect(Math.abs(mean(a.map((value) => (value - 1) ** 2)) - 16 / 12)).toBeLessThan(0.04);
    expect(Math.min(...a)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...a)).toBeLessThan(3);
    const covariance = (x: Float64Array, y: Float64Array) =>
      mean(x.map((value, at) => (value - 1) * ((y[at] ?? 0) - 1)));
    expect(Math.abs(covariance(a, b))).toBeLessThan(0.04);
    expect(Math.abs(covariance(a.subarray(1), a.subarray(0, -1)))).toBeLessThan(0.04);
    expect(Math.abs(mean(draws().chance('c', 0.2)) - 0.2)).toBeLessThan(0.012);
    expect(Math.abs(mean(draws().below('d', 3)) - 1)).toBeLessThan(0.03);
  });

  test('chance is certain at 0 and 1', () => {
    expect(draws().chance('a', 0).includes(1)).toBe(false);
    expect(draws().chance('a', 1).includes(0)).toBe(false);
  });

  test('permutations are permutations, every one as likely', () => {
    const counts = new Map<string, number>();
    const orders = draws().permutation('p', 4);
    for (let image = 0; image < rows.length; image++) {
      const order = [...orders.subarray(4 * image, 4 * image + 4)];
      expect(order.toSorted()).toEqual([0, 1, 2, 3]);
      counts.set(order.join(''), (counts.get(order.join('')) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 20,000 / 24 = 833 with a deviation of 28.
    for (const count of counts.values()) expect(Math.abs(count - 833)).toBeLessThan(125);
  });
});
