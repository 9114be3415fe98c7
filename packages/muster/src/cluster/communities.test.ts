import { describe, expect, test } from 'vitest';
import { Random } from '../base/index.ts';
import { findCommunities, sharedNeighbourGraph } from './communities.ts';

/** Neighbour lists in which group g's nodes know only nodes of their own group. */
function planted(groups: number, each: number, k: number, random: Random): Int32Array {
  const rows: number[] = [];
  for (let node = 0; node < groups * each; node++) {
    const first = Math.floor(node / each) * each;
    const others = [...random.permutation(each)].map((member) => first + member).filter((other) => other !== node);
    rows.push(...others.slice(0, k));
  }
  return Int32Array.from(rows);
}

describe('sharedNeighbourGraph', () => {
  test('weights are the overlap of neighbourhoods, the same in both directions', () => {
    // A triangle 0 1 2 and node 3, which knows 0 and 1 only.
    const graph = sharedNeighbourGraph(Int32Array.from([1, 2, 0, 2, 0, 1, 0, 1]), 4, 2);
    const weight = (i: number, j: number): number => {
      const row = graph.targets.subarray(graph.offsets[i], graph.offsets[i + 1]);
      return graph.weights[(graph.offsets[i] ?? 0) + row.indexOf(j)] ?? NaN;
    };
    expect(weight(0, 1)).toBe(1);
    expect(weight(3, 0)).toBe(2 / 4); // {3,0,1} and {0,1,2}
    expect(weight(0, 3)).toBe(2 / 4);
  });
});

describe('findCommunities', () => {
  test('planted groups are found, whatever the seed', () => {
    for (const seed of [1, 2, 3]) {
      const graph = sharedNeighbourGraph(planted(7, 20, 6, new Random(seed)), 140, 6);
      const { labels, count, modularity } = findCommunities(graph, new Random(seed));
      expect(count).toBe(7);
      expect(modularity).toBeCloseTo(1 - 1 / 7, 1);
      labels.forEach((label, node) => expect(label).toBe(Math.floor(node / 20)));
    }
  });

  test('two triangles joined by one edge: modularity by hand', () => {
    const edges = [
      [0, 1],
      [0, 2],
      [1, 2],
      [3, 4],
      [3, 5],
      [4, 5],
      [2, 3],
    ] as const;
    const rows = Array.from({ length: 6 }, (_, i) =>
      edges.filter((e) => e.includes(i as never)).map(([a, b]) => (a === i ? b : a)),
    );
    const offsets = Int32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)]);
    const targets = Int32Array.from(rows.flat());
    const graph = { offsets, targets, weights: new Float64Array(14).fill(1), inside: new Float64Array(6) };
    const found = findCommunities(graph, new Random(0));
    expect([...found.labels]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(found.modularity).toBeCloseTo(2 * (6 / 14 - (7 / 14) ** 2), 12);
  });

  test('the same seed gives the same communities, and a graph without edges one a node', () => {
    const random = new Random(5);
    const lists = Int32Array.from({ length: 300 * 5 }, (_, at) => (Math.floor(at / 5) + 1 + random.below(299)) % 300);
    const graph = sharedNeighbourGraph(lists, 300, 5);
    expect(findCommunities(graph, new Random(9))).toEqual(findCommunities(graph, new Random(9)));
    const empty = {
      offsets: new Int32Array(4),
      targets: new Int32Array(0),
      weights: new Float64Array(0),
      inside: new Float64Array(3),
    };
    expect(findCommunities(empty, new Random(0))).toMatchObject({ count: 3, modularity: 0 });
  });
});
