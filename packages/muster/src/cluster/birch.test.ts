import { generator, liveTensors, setThreads, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { birch } from './birch.ts';
import { FeatureTree } from './birch-tree.ts';

beforeAll(() => setThreads(1));

describe('FeatureTree', () => {
  test('features add up, radii stay within the threshold, nodes split', () => {
    const rows = torch.randn([500, 3], { generator: generator(1), dtype: 'float64' }).toNested() as number[][];
    const tree = new FeatureTree(0.4, 5);
    rows.forEach((row) => tree.add(Float64Array.from(row)));
    const leaves = tree.leaves();
    expect(leaves.length).toBe(tree.size);
    expect(tree.size).toBeGreaterThan(20);
    expect(leaves.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    for (const c of [0, 1, 2]) {
      const total = rows.reduce((sum, row) => sum + (row[c] ?? 0), 0);
      expect(leaves.reduce((sum, leaf) => sum + (leaf.sum[c] ?? 0), 0)).toBeCloseTo(total, 9);
    }
    for (const { count, squares, centre } of leaves) {
      expect(Math.sqrt(Math.max(0, squares / count - centre))).toBeLessThanOrEqual(0.4 + 1e-9);
    }
  });
});

describe('birch', () => {
  const blobs = (seed: number): torch.Tensor => {
    const g = generator(seed);
    return torch.cat([0, 30, 60].map((at) => torch.randn([70, 4], { generator: g }).add(at)));
  };

  test('finds separated groups, twice the same', () => {
    const { labels, groups } = birch(blobs(2), { k: 3 });
    expect(groups).toBe(3);
    labels.toNumbers().forEach((label, i, all) => expect(label).toBe(all[Math.floor(i / 70) * 70]));
    expect(birch(blobs(2), { k: 3 }).labels.toNumbers()).toEqual(labels.toNumbers());
  });

  test('a threshold too large is halved until there are enough subclusters', () => {
    const { labels, threshold } = birch(blobs(3), { k: 3, threshold: 1000 });
    expect(new Set(labels.toNumbers()).size).toBe(3);
    expect(threshold).toBeLessThan(100);
  });

  test('equal rows, too few rows, NaN; no tensor is left behind', () => {
    expect(birch(torch.full([8, 3], 0.1), { k: 2 })).toMatchObject({ groups: 1 });
    expect(birch(torch.ones([1, 3]), { k: 1 }).labels.toNumbers()).toEqual([0]);
    const x = blobs(4);
    const before = liveTensors();
    expect(() => birch(x, { k: 211 })).toThrow(/211 groups of 210 rows/);
    expect(() => birch(tensor([[NaN], [1]]), { k: 1 })).toThrow(/not finite/);
    expect(liveTensors()).toBeLessThanOrEqual(before + 1);
  });
});
