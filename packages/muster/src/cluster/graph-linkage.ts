import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { Linkage, Merges } from './chain-linkage.ts';
import { connectComponents } from './connect-components.ts';
import type { DistanceMetric } from './condensed-distances.ts';
import { nearestNeighbours } from './neighbours.ts';
import { PairHeap } from './pair-heap.ts';
import { rowNorms } from './rows.ts';

/** Settings of {@link graphLinkage}. */
export interface GraphLinkageOptions {
  readonly linkage: Linkage;
  readonly metric: DistanceMetric;
  /** Nearest neighbours of each row that it may merge with. */
  readonly neighbours: number;
  readonly signal?: AbortSignal | undefined;
}

/** Distances between neighbouring clusters, both ways. */
type Adjacency = Map<number, number>[];

/** The height of a merge of clusters x and y, whose distances to a third one z are known or not. */
interface Distances {
  /** Joins x into y. */
  join(x: number, y: number): void;
  /** Distance of the new y to z. */
  to(z: number, fromX: number | undefined, fromY: number | undefined): number;
}

/**
 * Bottom-up clustering that merges only clusters with neighbouring rows: memory is of the order of the graph and one
 * copy of the rows. Ward's and (on cosines) average heights are exact for the clusters merged; the others, and average on
 * Euclidean distances, look at the graph's own edges. Parts of the graph without a link are joined by one short edge.
 */
export function graphLinkage(x: Tensor, options: GraphLinkageOptions): Merges {
  const { linkage, metric, neighbours, signal } = options;
  const n = x.shape[0] ?? 0;
  const adjacency = neighbourGraph(x, metric, neighbours, signal);
  const sizes = new Float64Array(n).fill(1);
  const rows = metric === 'cosine' ? x.div(rowNorms(x, 4096).unsqueeze(1)) : x;
  const distances = distancesOf(linkage, metric, rows, sizes);
  const heap = new PairHeap();
  adjacency.forEach((row, i) => row.forEach((distance, j) => i < j && heap.push(distance, i, j)));
  const merges = { first: new Int32Array(n - 1), second: new Int32Array(n - 1), heights: new Float64Array(n - 1) };
  for (let t = 0; t < n - 1; t++) {
    if ((t & 1023) === 0) signal?.throwIfAborted();
    const { height, first, second } = nextMerge(heap, adjacency);
    merges.first[t] = first;
    merges.second[t] = second;
    merges.heights[t] = height;
    mergeClusters(adjacency, heap, distances, first, second);
    sizes[second] = (sizes[second] ?? 0) + (sizes[first] ?? 0);
  }
  return merges;
}

/** The least pair that still stands: both clusters unchanged since it was pushed. */
function nextMerge(heap: PairHeap, adjacency: Adjacency): { height: number; first: number; second: number } {
  for (let pair = heap.pop(); pair !== undefined; pair = heap.pop()) {
    if (adjacency[pair.first]?.get(pair.second) === pair.height) return pair;
  }
  throw new MusterError('agglomerative.graph', 'the neighbour graph fell apart', { kind: 'internal' });
}

/** Joins x into y: y's edges are those of both. */
function mergeClusters(adjacency: Adjacency, heap: PairHeap, distances: Distances, x: number, y: number): void {
  const fromX = adjacency[x] ?? new Map<number, number>();
  const fromY = adjacency[y] ?? new Map<number, number>();
  fromX.delete(y);
  fromY.delete(x);
  distances.join(x, y);
  const joined = new Map<number, number>();
  for (const z of new Set([...fromY.keys(), ...fromX.keys()])) {
    const distance = distances.to(z, fromX.get(z), fromY.get(z));
    joined.set(z, distance);
    adjacency[z]?.delete(x);
    adjacency[z]?.set(y, distance);
    heap.push(distance, Math.min(y, z), Math.max(y, z));
  }
  fromX.clear();
  adjacency[y] = joined;
}

function neighbourGraph(x: Tensor, metric: DistanceMetric, k: number, signal: AbortSignal | undefined): Adjacency {
  const n = x.shape[0] ?? 0;
  const adjacency: Adjacency = Array.from({ length: n }, () => new Map<number, number>());
  const found = nearestNeighbours(x, { k, metric, signal });
  const indices = found.indices.to('int32').toTypedArray();
  const values = found.values.toFloat64Array();
  for (let i = 0; i < n; i++) {
    for (let at = i * k; at < (i + 1) * k; at++) {
      const j = Number(indices[at] ?? 0);
      const distance = metric === 'cosine' ? Math.max(0, 1 - (values[at] ?? 0)) : (values[at] ?? 0);
      adjacency[i]?.set(j, distance);
      adjacency[j]?.set(i, distance);
    }
  }
  for (const { first, second, distance } of connectComponents(x, adjacency, metric)) {
    adjacency[first]?.set(second, distance);
    adjacency[second]?.set(first, distance);
  }
  return adjacency;
}

function distancesOf(linkage: Linkage, metric: DistanceMetric, rows: Tensor, sizes: Float64Array): Distances {
  if (linkage === 'ward' || (linkage === 'average' && metric === 'cosine')) {
    return centroidDistances(rows, sizes, linkage === 'ward');
  }
  return edgeDistances(linkage, sizes);
}

/** Heights from the centroids, kept in single precision in the place of the rows. */
function centroidDistances(rows: Tensor, sizes: Float64Array, ward: boolean): Distances {
  const d = rows.shape[1] ?? 0;
  const centroids = rows.toFloat32Array();
  let [own, size] = [0, 0];
  return {
    join(x, y) {
      const [a, b] = [sizes[x] ?? 0, sizes[y] ?? 0];
      [own, size] = [y * d, a + b];
      const share = a / size;
      for (let c = 0; c < d; c++) {
        const value = centroids[own + c] ?? 0;
        centroids[own + c] = value + share * ((centroids[x * d + c] ?? 0) - value);
      }
    },
    to(z) {
      const other = sizes[z] ?? 0;
      const at = z * d;
      return ward
        ? Math.sqrt(((2 * size * other) / (size + other)) * squaredDistance(centroids, own, at, d))
        : Math.max(0, 1 - innerProduct(centroids, own, at, d));
    },
  };
}

/** Heights from those of the two parts along the graph's edges. */
function edgeDistances(linkage: Linkage, sizes: Float64Array): Distances {
  let [a, b] = [0, 0];
  return {
    join(x, y) {
      [a, b] = [sizes[x] ?? 0, sizes[y] ?? 0];
    },
    to(_z, fromX, fromY) {
      if (fromX === undefined || fromY === undefined) return fromX ?? fromY ?? Infinity;
      if (linkage === 'single') return Math.min(fromX, fromY);
      return linkage === 'complete' ? Math.max(fromX, fromY) : (a * fromX + b * fromY) / (a + b);
    },
  };
}

function squaredDistance(values: Float32Array, a: number, b: number, d: number): number {
  let [even, odd] = [0, 0];
  let c = 0;
  for (; c + 1 < d; c += 2) {
    const one = (values[a + c] ?? 0) - (values[b + c] ?? 0);
    const two = (values[a + c + 1] ?? 0) - (values[b + c + 1] ?? 0);
    even += one * one;
    odd += two * two;
  }
  const rest = c < d ? (values[a + c] ?? 0) - (values[b + c] ?? 0) : 0;
  return even + odd + rest * rest;
}

function innerProduct(values: Float32Array, a: number, b: number, d: number): number {
  let [even, odd] = [0, 0];
  let c = 0;
  for (; c + 1 < d; c += 2) {
    even += (values[a + c] ?? 0) * (values[b + c] ?? 0);
    odd += (values[a + c + 1] ?? 0) * (values[b + c + 1] ?? 0);
  }
  return even + odd + (c < d ? (values[a + c] ?? 0) * (values[b + c] ?? 0) : 0);
}
