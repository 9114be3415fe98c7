import { noGrad, scope } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { connectComponents } from './connect-components.ts';
import { kmeans } from './kmeans.ts';
import { nearestNeighbours } from './neighbours.ts';
import { forBlocks, tableShape } from './rows.ts';
import { combine, components, sparseFromLists, transpose } from './sparse-rows.ts';
import type { SparseRows } from './sparse-rows.ts';
import { spectralEmbedding } from './spectral-embedding.ts';
import type { SpectralEmbedding } from './spectral-embedding.ts';

/**
 * How affinities follow from Euclidean distances. `knn`: A = (C + C') / 2 with C[i, j] = 1 if j is among the
 * `neighbours` nearest of i, i itself counted as one. `rbf`: exp(-gamma d²). `self-tuning`: exp(-d² / (s_i s_j)), where
 * s is the distance to the 7th neighbour.
 */
export type AffinityKind = 'knn' | 'rbf' | 'self-tuning';

/** Settings of {@link spectralClustering}. */
export interface SpectralOptions {
  /** Number of clusters. */
  readonly k: number;
  /** Default knn. */
  readonly affinity?: AffinityKind;
  /** knn: default 10. self-tuning: affinities of that many neighbours alone; default all up to 10,000 rows, 50 above. */
  readonly neighbours?: number;
  /** rbf: default one over the mean squared distance of two rows. */
  readonly gamma?: number;
  /** Length that L v - λ v may have. */
  readonly tolerance?: number;
  /** k-means starts. Default 10. */
  readonly restarts?: number;
  /** Source of the starts. */
  readonly generator: Generator;
  readonly signal?: AbortSignal;
}

/** A spectral partition. */
export interface SpectralPartition extends SpectralEmbedding {
  /** int64 [n] */
  readonly labels: Tensor;
}

/** Rows up to which a table of all affinities is made. */
const DENSE_LIMIT = 20_000;
/** A link between parts: a tenth of an ordinary one, so that cuts fall on it. */
const BRIDGE_WEIGHT = 0.05;

const TUNING_NEIGHBOUR = 7;
const TUNING_DENSE_LIMIT = 10_000;
const TUNING_NEIGHBOURS = 50;

/**
 * Normalised spectral clustering: k-means on the rows of the k least eigenvectors of the graph's Laplacian, scaled to
 * unit length. A graph that falls into more than k parts is joined by its shortest links first.
 *
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.rows, cluster.nan, cluster.k; spectral.size for rbf on more than 20,000 rows
 * @source Ng, Jordan and Weiss, 2001; self-tuning: Zelnik-Manor and Perona, 2004
 */
export function spectralClustering(x: Tensor, options: SpectralOptions): SpectralPartition {
  const [n] = tableShape(x, 'the table');
  if (!Number.isInteger(options.k) || options.k < 1 || options.k > n) {
    throw new MusterError('cluster.k', `${options.k} groups of ${n} rows`, { fix: `ask for 1 to ${n} groups` });
  }
  return scope(() => noGrad(() => spectralPartition(affinitiesOf(x, options), options)));
}

/**
 * Spectral clustering of given affinities.
 * @param affinity symmetric, entries at least 0: float64 [n, n], or sparse rows
 * @throws MusterError spectral.affinity, cluster.k
 */
export function spectralPartition(affinity: Tensor | SparseRows, options: SpectralOptions): SpectralPartition {
  const { k, tolerance, restarts = 10, generator, signal } = options;
  return scope(() => {
    const embedding = spectralEmbedding(affinity, { k, tolerance, generator, signal });
    const { subspace } = embedding;
    const rows = subspace.div(torch.linalgVectorNorm(subspace, 2, [1], true).clampMin(1e-12));
    return { ...embedding, labels: kmeans(rows, { k, restarts, generator, signal }).labels };
  });
}

function affinitiesOf(x: Tensor, options: SpectralOptions): Tensor | SparseRows {
  const { affinity = 'knn', neighbours } = options;
  const [n] = tableShape(x, 'the table');
  if (affinity === 'knn')
    return connected(x, knnAffinities(x, Math.min(neighbours ?? 10, n), options.signal), options.k, BRIDGE_WEIGHT);
  if (affinity === 'self-tuning' && (neighbours !== undefined || n > TUNING_DENSE_LIMIT)) {
    const graph = tunedGraph(x, Math.min(neighbours ?? TUNING_NEIGHBOURS, n - 1), options.signal);
    return connected(x, graph, options.k, graph.weights.reduce((least, w) => Math.min(least, w), 1)); // prettier-ignore
  }
  if (n > DENSE_LIMIT) {
    throw new MusterError('spectral.size', `${n} rows have too many affinities of all pairs`, {
      fix: `use affinity knn or self-tuning, or at most ${DENSE_LIMIT} rows`,
      kind: 'usage',
    });
  }
  const squares = squaredDistances(x);
  if (affinity === 'rbf') {
    const mean = squares.mean([], false, { dtype: 'float64' }).item();
    return squares.mul_(-(options.gamma ?? (mean > 0 ? 1 / mean : 1))).exp_();
  }
  const seventh = squares.kthvalue(Math.min(TUNING_NEIGHBOUR + 1, n), 1)[0].sqrt();
  const scales = seventh.clampMin(1e-12);
  return squares.div_(scales.unsqueeze(1)).div_(scales).neg_().exp_();
}

/** [n, n] squared Euclidean distances; float32 above 2,000 rows. */
function squaredDistances(x: Tensor): Tensor {
  const [n] = tableShape(x, 'the table');
  const rows = x.to(n > 2000 ? 'float32' : 'float64');
  const squares = torch.empty([n, n], { dtype: rows.dtype });
  const mode = n > 2000 ? 1 : 2; // by products, or by differences
  forBlocks(n, 1024, (start, length) => {
    squares.narrow(0, start, length).copy_(torch.cdist(rows.narrow(0, start, length), rows, 2, mode).square_());
  });
  // Products round differently in the two triangles.
  return mode === 1 ? squares.triu(1).add_(squares.triu(1).t()) : squares;
}

function knnAffinities(x: Tensor, neighbours: number, signal: AbortSignal | undefined): SparseRows {
  const [n] = tableShape(x, 'the table');
  const k = neighbours - 1;
  if (k < 1) return sparseFromLists([], [], n, 0);
  const indices = scope(() =>
    nearestNeighbours(x, { k, metric: 'euclidean', signal }).indices.to('int32').toTypedArray(),
  );
  const lists = sparseFromLists(Int32Array.from(indices, Number), new Float64Array(n * k).fill(0.5), n, k);
  return combine(lists, transpose(lists), (a, b) => a + b);
}

/** Self-tuned affinities of neighbours, where either counts the other among its nearest. */
function tunedGraph(x: Tensor, k: number, signal: AbortSignal | undefined): SparseRows {
  const [n] = tableShape(x, 'the table');
  const lists = scope(() => {
    const { indices, values } = nearestNeighbours(x, { k, metric: 'euclidean', signal });
    const scales = values.select(1, Math.min(TUNING_NEIGHBOUR, k) - 1).clampMin(1e-12);
    const products = scales.unsqueeze(1).mul(scales.indexSelect(0, indices.view([-1])).view([n, k]));
    // Affinities too small for a number would cut the edge.
    const weights = values.square().div(products).neg().exp().clampMin(1e-300);
    return sparseFromLists(Int32Array.from(indices.to('int32').toTypedArray(), Number), weights.toFloat64Array(), n, k);
  });
  return combine(lists, transpose(lists), Math.max);
}

/** The graph, with links of the given weight added where it has more parts than groups are asked for. */
function connected(x: Tensor, graph: SparseRows, k: number, weight: number): SparseRows {
  if (components(graph).count <= k) return graph;
  const rows = Array.from({ length: graph.n }, (_, i) => {
    const row = graph.targets.subarray(graph.offsets[i], graph.offsets[i + 1]);
    return { keys: () => row };
  });
  const bridges = connectComponents(x, rows, 'euclidean');
  const added = new Map<number, number[]>();
  const add = (i: number, j: number): void => void added.set(i, [...(added.get(i) ?? []), j]);
  for (const { first, second } of bridges) {
    add(first, second);
    add(second, first);
  }
  const width = Math.max(...Array.from(added.values(), (row) => row.length));
  const lists = new Int32Array(graph.n * width).fill(-1);
  for (const [i, row] of added) lists.set(row, i * width);
  return combine(graph, sparseFromLists(lists, new Float64Array(lists.length).fill(weight), graph.n, width), Math.max);
}
