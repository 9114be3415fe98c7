import type { Tensor } from '@muster/torch';
import { generator, liveTensors, setThreads } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { ari } from '../metrics/index.ts';
import { kmeans, lloyd, miniBatchKmeans, miniBatchStarts, takesMiniBatches } from './index.ts';

setThreads(1);

/** Rows around planted centres, in the order of their groups as a sorted data set has them, and the groups. */
function sortedBlobs(n: number, d: number, groups: number, spread: number, seed: number): { x: Tensor; truth: Tensor } {
  const random = generator(seed);
  const centres = torch.randn([groups, d], { generator: random }).mul(spread);
  const [truth] = torch.randint(0, groups, [n], { generator: random, dtype: 'int64' }).sort();
  return { x: centres.indexSelect(0, truth).add(torch.randn([n, d], { generator: random })), truth };
}

/** Much smaller parts than usual, so that a small table is many of them. */
const SMALL = { sampleRows: 4_000, batchRows: 2_048 } as const;

describe('miniBatchKmeans', () => {
  it.each([
    ['euclidean', 20, 60, 1],
    ['spherical', 20, 60, 1],
    ['euclidean', 1, 60, 0],
  ] as const)(
    "comes within 2 %% of Lloyd's inertia from the same start: %s, %d planted",
    (metric, planted, k, spread) => {
      const { x } = sortedBlobs(40_000, 32, planted, spread, 1);
      const start = x.indexSelect(0, torch.randperm(40_000, { generator: generator(2) }).narrow(0, 0, k));
      const full = lloyd(x, start, { metric });
      const sampled = { k, start, metric, sampleRows: 10 * k, batchRows: 2_048 };
      const mini = miniBatchKmeans(x, { ...sampled, generator: generator(3) });
      const onlySample = miniBatchKmeans(x, { ...sampled, passes: 0, rounds: 0, generator: generator(3) });
      expect(mini.inertia / full.inertia).toBeLessThan(1.02);
      expect(onlySample.inertia / full.inertia).toBeGreaterThan(1.04);
      expect(mini.algorithm).toBe('mini-batch');
      expect(full.algorithm).toBe('lloyd');
    },
  );

  it.each(['euclidean', 'spherical'] as const)(
    '%s: labels and inertia are those of its centres, far from the origin too',
    (metric) => {
      const near = sortedBlobs(36_000, 32, 8, 2, 4);
      const x = metric === 'euclidean' ? near.x.add(500) : near.x;
      const found = miniBatchKmeans(x, { ...SMALL, k: 8, metric, generator: generator(5) });
      const again = lloyd(x.to('float64'), found.centres, { metric, maxIterations: 0 });
      expect(again.labels.ne(found.labels).sum().item()).toBeLessThan(4);
      expect(found.inertia / again.inertia).toBeCloseTo(1, 4);
      expect(ari(near.truth.toNumbers(), found.labels.toNumbers())).toBeGreaterThan(0.95);
    },
  );

  it('gives the same for the same seed, from half precision nearly the same as from float32', () => {
    const { x } = sortedBlobs(40_000, 32, 6, 3, 6);
    const once = miniBatchKmeans(x, { ...SMALL, k: 6, generator: generator(7) });
    const again = miniBatchKmeans(x, { ...SMALL, k: 6, generator: generator(7) });
    expect(again.labels.eq(once.labels).all().item()).toBe(1);
    expect(again.centres.toNumbers()).toEqual(once.centres.toNumbers());
    const half = miniBatchKmeans(x.to('float16'), { ...SMALL, k: 6, generator: generator(7) });
    expect(ari(half.labels.toNumbers(), once.labels.toNumbers())).toBeGreaterThan(0.99);
  });

  it('fills clusters that get no rows, and survives equal rows and as many clusters as rows', () => {
    const { x } = sortedBlobs(3_000, 4, 5, 8, 8);
    const start = torch.cat([x.narrow(0, 0, 5), torch.full([3, 4], 1e4)]);
    const { labels } = miniBatchKmeans(x, { k: 8, start, sampleRows: 8, batchRows: 100, generator: generator(9) });
    expect(new Set(labels.toNumbers()).size).toBe(8);
    for (const metric of ['euclidean', 'spherical'] as const) {
      const equal = miniBatchKmeans(torch.ones([50, 3]), { k: 4, metric, generator: generator(1) });
      expect(equal.inertia).toBeCloseTo(0, 12);
      expect(equal.centres.isfinite().all().item()).toBe(1);
    }
    const each = miniBatchKmeans(x.narrow(0, 0, 9), { k: 9, generator: generator(1) });
    expect(new Set(each.labels.toNumbers()).size).toBe(9);
  });

  it('is taken by k-means for large tables, or when told', () => {
    expect(takesMiniBatches('auto', 2 ** 28)).toBe(false);
    expect(takesMiniBatches('auto', 2 ** 28 + 1)).toBe(true);
    expect(takesMiniBatches('lloyd', 2 ** 40)).toBe(false);
    const { x } = sortedBlobs(500, 4, 3, 8, 10);
    const settings = { k: 3, restarts: 2 };
    expect(kmeans(x, { ...settings, generator: generator(1) }).algorithm).toBe('lloyd');
    const mini = kmeans(x, { ...settings, algorithm: 'mini-batch', generator: generator(1) });
    expect(mini.algorithm).toBe('mini-batch');
    expect(mini.inertia).toBeCloseTo(kmeans(x, { ...settings, generator: generator(1) }).inertia, 6);
  });

  it('keeps to its own number of starts, whatever is usual for Lloyd, unless told otherwise', () => {
    const { x } = sortedBlobs(300, 4, 3, 8, 12);
    for (const k of [15, 65]) {
      const inertiaOf = (given: { restarts?: number; lloydRestarts?: number }): number =>
        kmeans(x, { k, algorithm: 'mini-batch', generator: generator(1), ...given }).inertia;
      expect(inertiaOf({ lloydRestarts: 12 })).toBe(inertiaOf({ restarts: miniBatchStarts(k) }));
      expect(inertiaOf({ restarts: 12 })).not.toBe(inertiaOf({}));
    }
    expect([miniBatchStarts(64), miniBatchStarts(65)]).toEqual([10, 1]);
  });

  it('refuses what it cannot group and ends when it is told to', () => {
    const x = torch.randn([20, 2]);
    const random = generator(1);
    expect(() => miniBatchKmeans(x, { k: 21, generator: random })).toThrow('21 groups of 20 rows');
    expect(() => miniBatchKmeans(x, { k: 2, start: torch.ones([2, 3]), generator: random })).toThrow('3 columns');
    expect(() => miniBatchKmeans(x, { k: 3, start: torch.ones([2, 2]), generator: random })).toThrow(
      '2 starting centres',
    );
    expect(() => miniBatchKmeans(x.div(0), { k: 2, generator: random })).toThrow('row 0 of the table is not finite');
    const signal = AbortSignal.abort(new Error('enough'));
    expect(() => miniBatchKmeans(x, { k: 2, generator: random, signal })).toThrow('enough');
  });

  it('leaves no tensor behind', () => {
    const { x } = sortedBlobs(3_000, 4, 5, 8, 11);
    const random = generator(1);
    const before = liveTensors();
    for (const metric of ['euclidean', 'spherical'] as const) {
      const { labels, centres } = miniBatchKmeans(x, { k: 5, metric, batchRows: 300, generator: random });
      labels.dispose();
      centres.dispose();
    }
    expect(liveTensors()).toBe(before);
  });
});
