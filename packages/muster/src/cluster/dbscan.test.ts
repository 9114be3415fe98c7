import { generator, liveTensors, setThreads, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { dbscan, kneeRadius } from './dbscan.ts';

beforeAll(() => setThreads(1));

/** The definition, row by row: core rows, then groups grown one after the other. */
function naive(rows: readonly (readonly number[])[], radius: number, minPoints: number): number[] {
  const near = rows.map((a) =>
    rows.flatMap((b, j) => (Math.hypot(...a.map((value, c) => value - (b[c] ?? 0))) <= radius ? [j] : [])),
  );
  const labels = rows.map(() => -1);
  let group = 0;
  rows.forEach((_, i) => {
    if (labels[i] !== -1 || (near[i]?.length ?? 0) < minPoints) return;
    const queue = [i];
    labels[i] = group;
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if ((near[at]?.length ?? 0) < minPoints) continue;
      for (const j of near[at] ?? []) {
        if (labels[j] === -1) {
          labels[j] = group;
          queue.push(j);
        }
      }
    }
    group++;
  });
  return labels;
}

describe('dbscan', () => {
  test.each([0.2, 0.35, 0.6])('labels are those of the definition (radius %d)', (radius) => {
    const x = torch.randn([150, 2], { generator: generator(3), dtype: 'float64' });
    const { labels, core, groups } = dbscan(x, { radius, minPoints: 4 });
    const truth = naive(x.toNested() as number[][], radius, 4);
    expect(labels.toNumbers()).toEqual(truth);
    expect(groups).toBe(Math.max(...truth) + 1);
    expect(core.toNumbers().every((is, i) => is === 0 || truth[i] !== -1)).toBe(true);
  });

  test('several blocks of rows agree with the definition', () => {
    const x = torch.rand([2500, 1], { generator: generator(4), dtype: 'float64' });
    const { labels } = dbscan(x, { radius: 1e-4, minPoints: 3 });
    expect(labels.toNumbers()).toEqual(naive(x.toNested() as number[][], 1e-4, 3));
  });

  test('a radius of its own finds dense groups and leaves scattered rows out', () => {
    const g = generator(5);
    const dense = [0, 10, 20].map((at) => torch.randn([60, 2], { generator: g }).mul(0.3).add(at));
    const x = torch.cat([...dense, torch.rand([12, 2], { generator: g }).mul(60).add(30)]);
    const { labels, groups, radius } = dbscan(x);
    expect([groups, radius]).toEqual([3, kneeRadius(x, 5)]);
    expect(new Set(labels.narrow(0, 180, 12).toNumbers())).toEqual(new Set([-1]));
  });

  test('directions, equal rows, one row, NaN; no tensor is left behind', () => {
    const x = tensor([[1, 0], [5, 0.1], [9, 0], [0, 2], [0, 3], [-1, -1]]); // prettier-ignore
    expect(dbscan(x, { radius: 0.01, minPoints: 2, metric: 'cosine' }).labels.toNumbers()).toEqual([0, 0, 0, 1, 1, -1]);
    expect(dbscan(torch.ones([9, 2])).labels.toNumbers()).toEqual(Array(9).fill(0));
    expect(dbscan(torch.ones([1, 2])).labels.toNumbers()).toEqual([-1]);
    const before = liveTensors();
    expect(() => dbscan(tensor([[NaN], [1]]), { radius: 1 })).toThrow(/not finite/);
    dbscan(x).labels.dispose();
    expect(liveTensors()).toBeLessThanOrEqual(before + 2); // the table made here, and `core`
  });
});
