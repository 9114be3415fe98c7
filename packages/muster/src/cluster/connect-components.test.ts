import { generator, setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, expect, test } from 'vitest';
import { singleLinkage, spanningTree } from './chain-linkage.ts';
import { condensedDistances } from './condensed-distances.ts';
import { connectComponents } from './connect-components.ts';
import { DisjointSets } from './disjoint-sets.ts';

beforeAll(() => setThreads(1));

/** Pairs of near rows far from all others, and the link within each. */
function pairs(count: number): { x: Tensor; edges: number[][] } {
  using random = generator(1);
  const places = torch.randn([count, 1, 3], { generator: random }).mul(100).expand([count, 2, 3]);
  const x = places.add(torch.randn([count, 2, 3], { generator: random }).mul(1e-3)).reshape([2 * count, 3]);
  return { x, edges: Array.from({ length: 2 * count }, (_, i) => [i ^ 1]) };
}

test('many parts are joined along the shortest tree of their means', () => {
  const count = 400;
  const { x, edges } = pairs(count);
  const bridges = connectComponents(
    x,
    edges.map((row) => ({ keys: () => row })),
    'euclidean',
  );
  const sets = new DisjointSets(2 * count);
  for (const [i, row] of edges.entries()) for (const j of row) sets.join(i, j);
  for (const { first, second } of bridges) expect(sets.join(first, second)).toBe(true);
  expect(sets.count).toBe(1);
  const means = x.view([count, 2, 3]).mean([1]);
  const least = singleLinkage(condensedDistances(means, 'euclidean', false)).heights;
  const length = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);
  expect(length(bridges.map(({ distance }) => distance)) / length(least)).toBeCloseTo(1, 3);
});

test('the tree asks for the distances from one point at a time, and once from each', () => {
  const points = [0, 10, 1, 11, 3];
  const asked: number[] = [];
  const tree = spanningTree(points.length, (point) => {
    asked.push(point);
    return (other) => {
      expect(asked.at(-1)).toBe(point);
      return Math.abs((points[point] ?? 0) - (points[other] ?? 0));
    };
  });
  expect([...tree.heights].sort((a, b) => a - b)).toEqual([1, 1, 2, 7]);
  expect(new Set(asked).size).toBe(asked.length);
  expect(() => spanningTree(2, () => () => NaN)).toThrow(/not finite/);
});
