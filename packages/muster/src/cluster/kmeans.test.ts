import type { Tensor } from '@muster/torch';
import { generator, liveTensors, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { ari } from '../metrics/index.ts';
import { kmeans, lloyd } from './index.ts';
import type { KMeansMetric } from './index.ts';

/** Rows around `groups` centres far apart, and the group of each row. */
function blobs(n: number, d: number, groups: number, seed: number): { x: Tensor; truth: number[] } {
  const random = generator(seed);
  const centres = torch.randn([groups, d], { generator: random }).mul(8);
  const truth = torch.randint(0, groups, [n], { generator: random, dtype: 'int64' });
  return { x: centres.indexSelect(0, truth).add(torch.randn([n, d], { generator: random })), truth: truth.toNumbers() };
}

/** Lloyd's algorithm in plain loops over float64, without empty clusters. */
function plainLloyd(x: number[][], start: number[][], rounds: number, metric: KMeansMetric): number[] {
  const unit = (row: number[]): number[] => row.map((value) => value / Math.hypot(...row));
  const rows = metric === 'spherical' ? x.map(unit) : x;
  let centres = metric === 'spherical' ? start.map(unit) : start;
  let labels: number[] = [];
  const nearest = (row: number[]): number => {
    const distances = centres.map((centre) => centre.reduce((sum, c, j) => sum + (c - (row[j] ?? 0)) ** 2, 0));
    return distances.indexOf(Math.min(...distances));
  };
  for (let round = 0; round < rounds; round++) {
    labels = rows.map(nearest);
    centres = centres.map((_, k) => {
      const own = rows.filter((_row, i) => labels[i] === k);
      const mean = (own[0] ?? []).map((_value, j) => own.reduce((sum, row) => sum + (row[j] ?? 0), 0) / own.length);
      return metric === 'spherical' ? unit(mean) : mean;
    });
  }
  return rows.map(nearest);
}

function nested(x: Tensor, columns: number): number[][] {
  const values = [...x.toFloat64Array()];
  return Array.from({ length: values.length / columns }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

describe('lloyd', () => {
  it.each(['euclidean', 'spherical'] as const)(
    '%s: gives the labels of the plain algorithm at every limit',
    (metric) => {
      const x = torch.randn([300, 5], { generator: generator(1) });
      const start = x.narrow(0, 0, 6);
      for (const rounds of [1, 2, 3, 8]) {
        const { labels, iterations } = lloyd(x, start, { metric, maxIterations: rounds });
        expect(labels.toNumbers()).toEqual(plainLloyd(nested(x, 5), nested(start, 5), rounds, metric));
        expect(iterations).toBe(rounds);
      }
    },
  );

  it('gives float32 rows of a large table the labels, centres and inertia that float64 gives', () => {
    const { x } = blobs(40_000, 32, 12, 2);
    const start = x.narrow(0, 0, 12);
    const narrow = lloyd(x, start, { maxIterations: 1 });
    const wide = lloyd(x.to('float64'), start, { maxIterations: 1 });
    expect(x.numel).toBeGreaterThan(2 ** 20);
    expect(narrow.labels.ne(wide.labels).sum().item()).toBeLessThan(4);
    expect(narrow.centres.sub(wide.centres).abs().max().item()).toBeLessThan(1e-3);
    expect(narrow.inertia / wide.inertia).toBeCloseTo(1, 5);
  });

  it('keeps its digits far from the origin', () => {
    const { x } = blobs(40_000, 32, 4, 3);
    const start = x.narrow(0, 0, 4);
    const near = lloyd(x, start);
    const far = lloyd(x.add(1024), start.add(1024));
    expect(far.labels.ne(near.labels).sum().item()).toBe(0);
    expect(far.centres.sub(1024).sub(near.centres).abs().max().item()).toBeLessThan(1e-3);
  });

  it('gives ties and equal centres to the lowest index', () => {
    const x = tensor([-1, 0, 1, 0, 0, 5], [6, 1]);
    expect(lloyd(x, tensor([1, -1, 1], [3, 1]), { maxIterations: 0 }).labels.toNumbers()).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('gives the farthest rows to empty clusters, the farthest first', () => {
    const x = tensor([0, 1, 10, 11, 100, 60], [6, 1]);
    const { labels, centres } = lloyd(x, tensor([5, 500, 5, 500], [4, 1]), { maxIterations: 1 });
    expect(centres.toNumbers()).toEqual([11 / 3, 100, 60, 11]);
    expect(labels.toNumbers()).toEqual([0, 0, 3, 3, 1, 2]);
  });

  it('stops when no label changes and says so', () => {
    const { x } = blobs(500, 4, 3, 4);
    const free = lloyd(x, x.narrow(0, 0, 3));
    expect(free.converged).toBe(true);
    const { iterations } = free;
    expect(lloyd(x, x.narrow(0, 0, 3), { maxIterations: iterations }).converged).toBe(true);
    expect(lloyd(x, x.narrow(0, 0, 3), { maxIterations: iterations - 1 }).converged).toBe(false);
  });

  it('refuses what it cannot group', () => {
    const x = torch.ones([4, 2]);
    expect(() => lloyd(x, torch.ones([5, 2]))).toThrow('5 groups of 4 rows');
    expect(() => lloyd(x, torch.ones([2, 3]))).toThrow('start has 3 columns, the rows have 2');
    expect(() => lloyd(torch.ones([4]), torch.ones([2, 2]))).toThrow('the table has the shape [4]');
    expect(() => lloyd(tensor([1, 2, NaN, 4], [2, 2]), torch.ones([1, 2]))).toThrow('row 1 of the table is not finite');
    expect(() => lloyd(x, tensor([NaN, 1], [1, 2]))).toThrow('start holds NaN');
  });

  it('ends when it is told to', () => {
    const x = torch.randn([100, 2]);
    const stopped = AbortSignal.abort(new Error('enough'));
    expect(() => lloyd(x, x.narrow(0, 0, 2), { signal: stopped })).toThrow('enough');
  });
});

describe('kmeans', () => {
  it.each(['euclidean', 'spherical'] as const)('%s: finds planted groups, the same for the same seed', (metric) => {
    const { x, truth } = blobs(600, 8, 5, 5);
    const once = kmeans(x, { k: 5, metric, generator: generator(7) });
    const again = kmeans(x, { k: 5, metric, generator: generator(7) });
    expect(ari(truth, once.labels.toNumbers())).toBe(1);
    expect(again.labels.toNumbers()).toEqual(once.labels.toNumbers());
    expect(again.centres.toNumbers()).toEqual(once.centres.toNumbers());
  });

  it('does not get better on columns shuffled apart', () => {
    const { x, truth } = blobs(600, 8, 5, 6);
    const random = generator(8);
    const shuffled = torch.stack(
      Array.from({ length: 8 }, (_, column) =>
        x.select(1, column).indexSelect(0, torch.randperm(600, { generator: random })),
      ),
      1,
    );
    expect(ari(truth, kmeans(shuffled, { k: 5, generator: generator(9) }).labels.toNumbers())).toBeLessThan(0.05);
  });

  it('keeps the best of its restarts', () => {
    const { x } = blobs(400, 2, 15, 10);
    const inertias = Array.from(
      { length: 6 },
      (_, run) => kmeans(x, { k: 15, restarts: 1, generator: generator(run) }).inertia,
    );
    expect(Math.max(...inertias)).toBeGreaterThan(Math.min(...inertias));
    const random = generator(11);
    const single = kmeans(x, { k: 15, restarts: 1, generator: random }).inertia;
    expect(kmeans(x, { k: 15, restarts: 10, generator: generator(11) }).inertia).toBeLessThanOrEqual(single);
  });

  it('takes one cluster, as many as rows, and rows that are all equal', () => {
    const x = torch.randn([7, 3], { generator: generator(12) });
    expect(kmeans(x, { k: 1, generator: generator(1) }).labels.toNumbers()).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const each = kmeans(x, { k: 7, generator: generator(1) });
    expect(new Set(each.labels.toNumbers()).size).toBe(7);
    expect(each.inertia).toBeCloseTo(0, 12);
    for (const metric of ['euclidean', 'spherical'] as const) {
      const equal = kmeans(torch.ones([6, 2]), { k: 3, metric, generator: generator(1) });
      expect(equal.inertia).toBeCloseTo(0, 12);
      expect(
        kmeans(torch.zeros([6, 2]), { k: 3, metric, generator: generator(1) })
          .centres.isfinite()
          .all()
          .item(),
      ).toBe(1);
    }
    expect(() => kmeans(x, { k: 8, generator: generator(1) })).toThrow('8 groups of 7 rows');
    expect(() => kmeans(x, { k: 2.5, generator: generator(1) })).toThrow('2.5 groups of 7 rows');
  });

  it('leaves no tensor behind', () => {
    const x = torch.randn([500, 3]);
    const source = generator(1);
    const before = liveTensors();
    for (let run = 0; run < 3; run++) {
      const { labels, centres } = kmeans(x, { k: 4, restarts: 2, generator: source });
      labels.dispose();
      centres.dispose();
    }
    expect(liveTensors()).toBe(before);
  });
});
