import type { Random } from '../base/index.ts';

/** An undirected weighted graph in rows: the neighbours of node i are at `offsets[i]` to `offsets[i + 1]`. Each edge stands in both rows. */
export interface Graph {
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float64Array;
  /** Weight of the edges inside each node (nodes of a coarser level stand for many), counted twice. */
  readonly inside: Float64Array;
}

/** A partition of a graph's nodes. */
export interface Communities {
  /** Community of each node, 0..count-1 in the order of their first nodes. */
  readonly labels: Int32Array;
  readonly count: number;
  /** Share of edge weight inside communities minus what chance would put there. */
  readonly modularity: number;
}

/**
 * The graph of neighbours, each edge weighted by how many neighbours its ends share: |N(i) ∩ N(j)| / |N(i) ∪ N(j)|, a
 * node counted among its own neighbours. i and j are joined if either is among the other's nearest.
 *
 * @param neighbours (n, k) row-major, without the node itself
 * @source Levine et al., "Data-driven phenotypic dissection of AML", 2015 (PhenoGraph)
 */
export function sharedNeighbourGraph(neighbours: Int32Array, n: number, k: number): Graph {
  const rows = symmetricRows(neighbours, n, k);
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) offsets[i + 1] = (offsets[i] ?? 0) + (rows[i]?.length ?? 0);
  const targets = new Int32Array(offsets[n] ?? 0);
  const weights = new Float64Array(targets.length);
  const seen = new Int32Array(n).fill(-1); // seen[x] === i: x is i or among its nearest
  for (let i = 0; i < n; i++) {
    seen[i] = i;
    for (let at = i * k; at < (i + 1) * k; at++) seen[neighbours[at] ?? 0] = i;
    (rows[i] ?? []).forEach((j, at) => {
      let shared = seen[j] === i ? 1 : 0;
      for (let other = j * k; other < (j + 1) * k; other++) if (seen[neighbours[other] ?? 0] === i) shared++;
      targets[(offsets[i] ?? 0) + at] = j;
      weights[(offsets[i] ?? 0) + at] = shared / (2 * (k + 1) - shared);
    });
  }
  return { offsets, targets, weights, inside: new Float64Array(n) };
}

/**
 * Communities of a graph by greedy modularity: nodes move to the neighbouring community of the largest gain until none
 * moves, communities become the nodes of a coarser graph, and so on.
 *
 * @source Blondel et al., "Fast unfolding of communities in large networks", 2008 (Louvain)
 */
export function findCommunities(graph: Graph, random: Random): Communities {
  let level = graph;
  let labels = Int32Array.from({ length: graph.inside.length }, (_, node) => node);
  for (;;) {
    const moved = moveNodes(level, random);
    const count = renumber(moved);
    labels = labels.map((node) => moved[node] ?? 0);
    if (count === level.inside.length) break;
    level = coarsen(level, moved, count);
  }
  const count = renumber(labels);
  return { labels, count, modularity: modularity(level) };
}

function symmetricRows(neighbours: Int32Array, n: number, k: number): number[][] {
  const rows: number[][] = Array.from({ length: n }, (_, i) => Array.from(neighbours.subarray(i * k, (i + 1) * k)));
  for (let i = 0; i < n; i++) {
    for (let at = i * k; at < (i + 1) * k; at++) {
      const j = neighbours[at] ?? 0;
      if (!neighbours.subarray(j * k, (j + 1) * k).includes(i)) rows[j]?.push(i);
    }
  }
  return rows;
}

/** One level's local moves; the community of every node, named by one of its nodes. */
function moveNodes({ offsets, targets, weights, inside }: Graph, random: Random): Int32Array {
  const n = inside.length;
  const degree = inside.map((loop, i) => loop + sum(weights.subarray(offsets[i], offsets[i + 1])));
  const total = sum(degree);
  const community = Int32Array.from({ length: n }, (_, node) => node);
  const size = degree.slice(); // total degree of each community
  const link = new Float64Array(n); // weight from the node in hand to each community
  const order = random.permutation(n);
  for (let moves = 1, pass = 0; moves > 0 && pass < 100; pass++) {
    moves = 0;
    for (const node of order) {
      const own = community[node] ?? 0;
      const touched = [own];
      for (let at = offsets[node] ?? 0; at < (offsets[node + 1] ?? 0); at++) {
        const other = community[targets[at] ?? 0] ?? 0;
        if (link[other] === 0) touched.push(other);
        link[other] = (link[other] ?? 0) + (weights[at] ?? 0);
      }
      const share = total === 0 ? 0 : (degree[node] ?? 0) / total;
      size[own] = (size[own] ?? 0) - (degree[node] ?? 0);
      let best = own;
      let bestGain = (link[own] ?? 0) - (size[own] ?? 0) * share;
      for (const other of touched) {
        const gain = (link[other] ?? 0) - (size[other] ?? 0) * share;
        if (gain > bestGain + 1e-12) [best, bestGain] = [other, gain];
      }
      for (const other of touched) link[other] = 0;
      size[best] = (size[best] ?? 0) + (degree[node] ?? 0);
      community[node] = best;
      if (best !== own) moves++;
    }
  }
  return community;
}

/** Renames labels in place to 0..count-1 in the order of first use; returns count. */
function renumber(labels: Int32Array): number {
  const names = new Map<number, number>();
  labels.forEach((label, node) => {
    const name = names.get(label) ?? names.size;
    names.set(label, name);
    labels[node] = name;
  });
  return names.size;
}

function coarsen({ offsets, targets, weights, inside }: Graph, community: Int32Array, count: number): Graph {
  const rows = Array.from({ length: count }, () => new Map<number, number>());
  const loops = new Float64Array(count);
  inside.forEach((loop, node) => {
    const own = community[node] ?? 0;
    loops[own] = (loops[own] ?? 0) + loop;
    for (let at = offsets[node] ?? 0; at < (offsets[node + 1] ?? 0); at++) {
      const other = community[targets[at] ?? 0] ?? 0;
      const weight = weights[at] ?? 0;
      if (other === own) loops[own] = (loops[own] ?? 0) + weight;
      else rows[own]?.set(other, (rows[own].get(other) ?? 0) + weight);
    }
  });
  const coarse = new Int32Array(count + 1);
  rows.forEach((row, node) => (coarse[node + 1] = (coarse[node] ?? 0) + row.size));
  return {
    offsets: coarse,
    targets: Int32Array.from(rows.flatMap((row) => [...row.keys()])),
    weights: Float64Array.from(rows.flatMap((row) => [...row.values()])),
    inside: loops,
  };
}

/** Modularity of the partition into the graph's own nodes. */
function modularity({ offsets, weights, inside }: Graph): number {
  const degree = inside.map((loop, i) => loop + sum(weights.subarray(offsets[i], offsets[i + 1])));
  const total = sum(degree);
  if (total === 0) return 0;
  return inside.reduce((value, loop, i) => value + loop / total - ((degree[i] ?? 0) / total) ** 2, 0);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
