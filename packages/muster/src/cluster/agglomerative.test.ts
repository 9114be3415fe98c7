import { generator, liveTensors, setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { agglomerative, cutHierarchy, hierarchy } from './agglomerative.ts';
import type { Linkage } from './chain-linkage.ts';
import { condensedDistances } from './condensed-distances.ts';
import { PairHeap } from './pair-heap.ts';

beforeAll(() => setThreads(1));

const linkages = ['ward', 'average', 'complete', 'single'] as const;

/** Heights by the definition: at each step the least height of all pairs of clusters is looked for. */
function naiveHeights(rows: readonly (readonly number[])[], linkage: Linkage): number[] {
  const distance = (a: readonly number[], b: readonly number[]): number =>
    Math.hypot(...a.map((value, c) => value - (b[c] ?? 0)));
  const mean = (cluster: readonly (readonly number[])[]): number[] =>
    (cluster[0] ?? []).map((_, c) => cluster.reduce((sum, row) => sum + (row[c] ?? 0), 0) / cluster.length);
  const height = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number => {
    const all = a.flatMap((x) => b.map((y) => distance(x, y)));
    if (linkage === 'single') return Math.min(...all);
    if (linkage === 'complete') return Math.max(...all);
    if (linkage === 'average') return all.reduce((sum, value) => sum + value, 0) / all.length;
    return Math.sqrt((2 * a.length * b.length) / (a.length + b.length)) * distance(mean(a), mean(b));
  };
  let clusters = rows.map((row) => [row]);
  const heights: number[] = [];
  while (clusters.length > 1) {
    let best: [number, number, number] = [Infinity, 0, 0];
    clusters.forEach((a, i) =>
      clusters.slice(0, i).forEach((b, j) => {
        const h = height(a, b);
        if (h < best[0]) best = [h, i, j];
      }),
    );
    const [h, i, j] = best;
    heights.push(h);
    clusters = [...clusters.filter((_, t) => t !== i && t !== j), [...(clusters[i] ?? []), ...(clusters[j] ?? [])]];
  }
  return heights;
}

function blobs(groups: number, each: number, d: number, seed: number): { x: Tensor; truth: number[] } {
  const g = generator(seed);
  const centres = torch.randn([groups, d], { generator: g }).mul(12);
  const truth = Array.from({ length: groups * each }, (_, i) => i % groups);
  const x = torch
    .randn([truth.length, d], { generator: g })
    .add(centres.indexSelect(0, tensor(BigInt64Array.from(truth, BigInt))));
  return { x, truth };
}

function expectSame(labels: readonly number[], truth: readonly number[]): void {
  const pairs = new Set(labels.map((label, i) => `${label} ${truth[i]}`)).size;
  expect([pairs, new Set(labels).size]).toEqual([new Set(truth).size, new Set(truth).size]);
}

describe('hierarchy', () => {
  test.each(linkages)('heights are those of the definition (%s)', (linkage) => {
    const x = torch.randn([40, 3], { generator: generator(3), dtype: 'float64' });
    const rows = x.toNested() as number[][];
    const { heights } = hierarchy(x, { linkage });
    naiveHeights(rows, linkage).forEach((height, t) => expect(heights[t]).toBeCloseTo(height, 9));
  });

  test.each(linkages)('separated groups are found, along a neighbour graph too (%s)', (linkage) => {
    const { x, truth } = blobs(4, 30, 6, 5);
    expectSame(agglomerative(x, 4, { linkage }).toNumbers(), truth);
    // The graph falls into four parts, which have to be joined before they merge.
    expectSame(agglomerative(x, 4, { linkage, neighbours: 5 }).toNumbers(), truth);
    expect(new Set(hierarchy(x, { linkage, neighbours: 5 }).second).size).toBeGreaterThan(1);
  });

  test.each(['ward', 'average'] as const)('a graph of all rows gives the hierarchy of all pairs (%s)', (linkage) => {
    const x = torch.randn([60, 4], { generator: generator(8) });
    const graph = hierarchy(x, { linkage, neighbours: 59 });
    hierarchy(x, { linkage }).heights.forEach((height, t) => expect(graph.heights[t]).toBeCloseTo(height, 4));
  });

  test('average linkage on cosines: graph of all rows, and rows of zeros', () => {
    const x = torch.randn([50, 4], { generator: generator(9) });
    x.select(0, 7).zero_();
    const graph = hierarchy(x, { linkage: 'average', metric: 'cosine', neighbours: 49 });
    const all = hierarchy(x, { linkage: 'average', metric: 'cosine' });
    all.heights.forEach((height, t) => expect(graph.heights[t]).toBeCloseTo(height, 4));
  });

  test('equal rows merge at zero; cuts of every size', () => {
    const merges = hierarchy(torch.ones([9, 2]));
    expect([...merges.heights]).toEqual(Array(8).fill(0));
    for (const k of [1, 2, 9]) expect(new Set(cutHierarchy(merges, k).toNumbers()).size).toBe(k);
    expect(new Set(agglomerative(torch.ones([30, 2]), 3, { neighbours: 4 }).toNumbers()).size).toBe(3);
    expect(agglomerative(torch.ones([1, 2]), 1).toNumbers()).toEqual([0]);
  });

  test('what cannot be is refused, no tensor is left behind', () => {
    const x = torch.randn([5, 2], { generator: generator(1) });
    const before = liveTensors();
    expect(() => hierarchy(x, { metric: 'cosine' })).toThrow(/Ward/);
    expect(() => agglomerative(x, 6)).toThrow(/6 groups of 5 rows/);
    hierarchy(x);
    hierarchy(x, { neighbours: 2 });
    expect(liveTensors()).toBe(before);
  });
});

describe('condensedDistances', () => {
  test('products and differences agree, also for near copies far from the origin', () => {
    const g = generator(4);
    const base = torch.randn([1500, 1200], { generator: g, dtype: 'float64' }).add(50);
    base.select(0, 3).copy_(base.select(0, 2).add(1e-3)); // a near copy
    const narrow = base.to('float32');
    const products = condensedDistances(narrow, 'euclidean', false); // 2.7e9 multiplications: by products
    expect(products.values).toBeInstanceOf(Float32Array);
    const at = (i: number, j: number): number => products.values[(products.starts[i] ?? 0) + j] ?? NaN;
    const exact = torch.cdist(narrow.narrow(0, 0, 10).to('float64'), narrow.to('float64'), 2, 2);
    for (const [i, j] of [
      [2, 3],
      [0, 1],
      [9, 1499],
      [5, 700],
    ] as const)
      // prettier-ignore
      expect(Math.abs(at(i, j) / exact.select(0, i).select(0, j).item() - 1)).toBeLessThan(1e-4);
  });
});

describe('PairHeap', () => {
  test('pairs come out in order', () => {
    const heap = new PairHeap();
    const heights = torch.randint(0, 50, [3000], { generator: generator(2) }).toNumbers();
    heights.forEach((height, i) => heap.push(height, i % 7, i));
    const out = heights.map(() => heap.pop());
    expect(heap.pop()).toBeUndefined();
    const key = ({ height, first, second }: { height: number; first: number; second: number }): number =>
      (height * 10 + first) * 10_000 + second;
    const keys = out.map((pair) => (pair === undefined ? NaN : key(pair)));
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
  });
});
