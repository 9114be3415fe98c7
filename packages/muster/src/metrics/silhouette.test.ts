import { generator, liveTensors, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { silhouette } from './index.ts';
import type { RowMetric } from './index.ts';

function distance(a: number[], b: number[], metric: RowMetric): number {
  if (metric === 'euclidean') return Math.hypot(...a.map((value, j) => value - (b[j] ?? NaN)));
  return 1 - a.reduce((sum, value, j) => sum + value * (b[j] ?? NaN), 0) / (Math.hypot(...a) * Math.hypot(...b));
}

/** The definition in plain loops. */
function plain(x: number[][], labels: number[], metric: RowMetric): number[] {
  const groups = [...new Set(labels)];
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return x.map((row, i) => {
    const to = (group: number): number[] =>
      x.flatMap((other, j) => (labels[j] === group && j !== i ? [distance(row, other, metric)] : []));
    const own = to(labels[i] ?? NaN);
    if (own.length === 0) return 0;
    const a = mean(own);
    const b = Math.min(...groups.filter((group) => group !== labels[i]).map((group) => mean(to(group))));
    return Math.max(a, b) === 0 ? 0 : (b - a) / Math.max(a, b);
  });
}

describe('silhouette', () => {
  it.each(['euclidean', 'cosine'] as const)(
    '%s: equals the definition, with gaps, singletons and negative labels',
    (metric) => {
      const random = generator(1);
      const rows = Array.from({ length: 90 }, () =>
        torch.randn([4], { generator: random, dtype: 'float64' }).toNumbers(),
      );
      const labels = rows.map((_, i) => (i === 17 ? 99 : ((i * 7) % 5) - 2));
      const { samples, score } = silhouette(tensor(rows, undefined, { dtype: 'float64' }), labels, { metric });
      const want = plain(rows, labels, metric);
      samples.toNumbers().forEach((value, i) => expect(value).toBeCloseTo(want[i] ?? NaN, 12));
      expect(samples.toNumbers()[17]).toBe(0);
      expect(score).toBeCloseTo(want.reduce((sum, value) => sum + value, 0) / want.length, 12);
    },
  );

  it('in blocks and float32 gives what float64 gives', () => {
    const random = generator(2);
    const labels = torch.randint(0, 40, [2_500], { generator: random, dtype: 'int64' });
    const centres = torch.randn([40, 420], { generator: random });
    const x = centres
      .indexSelect(0, labels)
      .add(torch.randn([2_500, 420], { generator: random }))
      .add(50);
    const codes = labels.toNumbers();
    const narrow = silhouette(x, codes);
    const wide = silhouette(x.to('float64'), codes);
    expect(narrow.samples.sub(wide.samples).abs().max().item()).toBeLessThan(1e-5);
    expect(x.numel).toBeGreaterThan(2 ** 20);
    expect(wide.samples.std().item()).toBeGreaterThan(1e-3);
  });

  it('tells planted groups from shuffled ones', () => {
    const random = generator(3);
    const labels = torch.randint(0, 4, [400], { generator: random, dtype: 'int64' });
    const centres = torch.randn([4, 8], { generator: random }).mul(6);
    const x = centres.indexSelect(0, labels).add(torch.randn([400, 8], { generator: random }));
    const codes = labels.toNumbers();
    const shuffled = torch.randperm(400, { generator: random }).toNumbers();
    expect(silhouette(x, codes).score).toBeGreaterThan(0.5);
    expect(
      silhouette(
        x,
        shuffled.map((i) => codes[i] ?? 0),
      ).score,
    ).toBeLessThan(0.05);
  });

  it('takes equal rows and clusters of one', () => {
    expect(silhouette(torch.ones([4, 2]), [0, 0, 1, 1]).samples.toNumbers()).toEqual([0, 0, 0, 0]);
    expect(silhouette(tensor([0, 0, 5, 5], [4, 1]), [0, 0, 1, 1]).samples.toNumbers()).toEqual([1, 1, 1, 1]);
    expect(silhouette(tensor([1, 2, 3], [3, 1]), [0, 1, 2]).score).toBe(0);
    expect(silhouette(tensor([0, 0, 1, 0], [2, 2]), [0, 1], { metric: 'cosine' }).score).toBe(0);
  });

  it('refuses one cluster, missing labels and rows that are no numbers', () => {
    const x = torch.ones([3, 2]);
    expect(() => silhouette(x, [4, 4, 4])).toThrow('a silhouette needs at least two clusters');
    expect(() => silhouette(x, [1, 2])).toThrow('2 labels for 3 rows');
    expect(() => silhouette(tensor([1, 2, NaN, 4], [2, 2]), [0, 1])).toThrow('is not finite');
    expect(() => silhouette(x, [0, 0, 1], { signal: AbortSignal.abort(new Error('enough')) })).toThrow('enough');
  });

  it('leaves no tensor behind', () => {
    const x = torch.randn([30, 3]);
    const before = liveTensors();
    silhouette(
      x,
      Array.from({ length: 30 }, (_, i) => i % 3),
    ).samples.dispose();
    expect(liveTensors()).toBe(before);
  });
});
