import { noGrad, scope } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { DistanceMetric } from './condensed-distances.ts';
import { nearestNeighbours } from './neighbours.ts';
import { pca } from './pca.ts';
import { rowNorms, tableShape } from './rows.ts';
import { components } from './sparse-rows.ts';
import type { SparseRows } from './sparse-rows.ts';
import { spectralEmbedding } from './spectral-embedding.ts';
import { umapCurve } from './umap-curve.ts';
import { neighbourStrengths, umapGraph } from './umap-graph.ts';
import { optimiseLayout } from './umap-layout.ts';

/** Settings of {@link umap} and {@link placeInUmap} that both must share. */
export interface UmapSpace {
  /** Columns of the layout. Default 2. */
  readonly dimensions?: number;
  /** Neighbours of each row, itself counted. Default 15, at most n. */
  readonly neighbours?: number;
  /** Default cosine. */
  readonly metric?: DistanceMetric;
  /** Distance in the layout below which points count as together. Default 0.1. */
  readonly minDistance?: number;
  /** Scale of the layout. Default 1. */
  readonly spread?: number;
  /** Pushes away from random points for each pull. Default 5. */
  readonly negatives?: number;
}

/** Settings of one run. */
export interface UmapOptions extends UmapSpace {
  /** Default 500 up to 10,000 rows, 200 above; in {@link placeInUmap} 100 and 30. */
  readonly epochs?: number;
  /** Source of the start and of the random points. */
  readonly generator: Generator;
  /** Called after each epoch of the layout. */
  readonly onEpoch?: (done: number, epochs: number) => void;
  readonly signal?: AbortSignal;
}

const SMALL = 10_000;
/** Extent of the start along its longest axis. */
const START_EXTENT = 10;
const START_NOISE = 1e-4;
/** Enough for a start: the layout moves every point. */
const START_TOLERANCE = 1e-3;

/**
 * UMAP: exact neighbours, their fuzzy graph, a spectral start (principal components where the graph falls into parts)
 * and the layout by negative sampling.
 *
 * @param x [n, d], float32 or float64
 * @returns float32 [n, dimensions]
 * @throws MusterError cluster.rows, cluster.nan; umap.options
 * @source McInnes, Healy and Melville, "UMAP", 2018
 */
export function umap(x: Tensor, options: UmapOptions): Tensor {
  const { dimensions = 2, spread = 1, minDistance = 0.1, negatives = 5, generator, onEpoch, signal } = checked(options);
  return scope(() =>
    noGrad(() => {
      const [n] = tableShape(x, 'the table');
      if (n < 2) return torch.zeros([n, dimensions]);
      const { graph } = scope(() => {
        const { indices, distances } = listedNeighbours(x, options);
        const { graph: rows } = umapGraph(indices, distances);
        return { graph: rows };
      });
      const points = startingPoints(x, graph, dimensions, options).to({ device: 'cpu' }).contiguous();
      optimiseLayout(points, null, graph, {
        curve: umapCurve(spread, minDistance),
        epochs: options.epochs ?? (n <= SMALL ? 500 : 200),
        negatives,
        seed: drawSeed(generator),
        onEpoch,
        signal,
      });
      return points;
    }),
  );
}

/**
 * Places further rows in a finished layout, which stays as it is: at the weighted mean of their neighbours, then moved
 * as in {@link umap}.
 *
 * @param x [n, d], the rows of the layout
 * @param layout float32 [n, dimensions]
 * @param query [m, d]
 * @returns float32 [m, dimensions]
 */
export function placeInUmap(x: Tensor, layout: Tensor, query: Tensor, options: UmapOptions): Tensor {
  const { spread = 1, minDistance = 0.1, negatives = 5, generator, onEpoch, signal } = checked(options);
  return scope(() =>
    noGrad(() => {
      const [m] = tableShape(query, 'the query');
      const [n, dimensions] = tableShape(layout, 'the layout');
      const k = Math.min(options.neighbours ?? 15, n);
      const { indices, distances } = distancesTo(x, query, k, options);
      // No neighbour is fully connected: a new row need not have any at hand.
      const { weights } = neighbourStrengths(distances, 0);
      const shares = weights.div(weights.sum([1], true).clampMin(1e-12)).to('float32');
      const anchors = layout.to({ dtype: 'float32' });
      const near = anchors.indexSelect(0, indices.view([-1])).view([m, k, dimensions]);
      const points = shares.unsqueeze(1).bmm(near).squeeze(1).to({ device: 'cpu' }).contiguous();
      const lists = Int32Array.from(indices.to('int32').toTypedArray(), Number);
      const graph = rectangular(lists, weights.toFloat64Array(), m, k);
      optimiseLayout(points, anchors.to({ device: 'cpu' }).contiguous(), graph, {
        curve: umapCurve(spread, minDistance),
        epochs: options.epochs ?? (m <= SMALL ? 100 : 30),
        negatives,
        learningRate: 0.25,
        seed: drawSeed(generator),
        onEpoch,
        signal,
      });
      return points;
    }),
  );
}

function checked(options: UmapOptions): UmapOptions {
  const { dimensions = 2, neighbours = 15, spread = 1, minDistance = 0.1, negatives = 5 } = options;
  const isCount = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  const whole = isCount(dimensions, 1) && isCount(neighbours, 2) && isCount(negatives, 0);
  if (!whole || !(spread > 0) || !(minDistance >= 0) || minDistance > spread) {
    throw new MusterError('umap.options', `UMAP to ${dimensions} dimensions by ${neighbours} neighbours, ${negatives} negatives, minDistance ${minDistance}, spread ${spread}`, {
      fix: 'take at least 1 dimension, 2 neighbours, 0 negatives, all whole, and 0 <= minDistance <= spread',
      kind: 'usage',
    }); // prettier-ignore
  }
  return options;
}

/** Each row's neighbours behind the row itself, with distances. */
function listedNeighbours(
  x: Tensor,
  { neighbours = 15, metric = 'cosine', signal }: UmapOptions,
): { indices: Tensor; distances: Tensor } {
  const [n] = tableShape(x, 'the table');
  const k = Math.min(neighbours, n) - 1;
  const found = nearestNeighbours(x, { k, metric, signal });
  const own = torch.arange(n, { dtype: 'int64' }).unsqueeze(1);
  const distances = metric === 'cosine' ? torch.rsub(found.values, 1).clampMin_(0) : found.values;
  return {
    indices: torch.cat([own, found.indices], 1),
    distances: torch.cat([torch.zeros([n, 1], { dtype: 'float64' }), distances], 1),
  };
}

function distancesTo(
  x: Tensor,
  query: Tensor,
  k: number,
  { metric = 'cosine', signal }: UmapOptions,
): { indices: Tensor; distances: Tensor } {
  const { indices, values } = nearestNeighbours(x, { k, metric, query, signal });
  return { indices, distances: metric === 'cosine' ? torch.rsub(values, 1).clampMin_(0) : values };
}

/** Lists of m rows whose columns count other rows. */
function rectangular(lists: Int32Array, weights: Float64Array, m: number, k: number): SparseRows {
  return { n: m, offsets: Int32Array.from({ length: m + 1 }, (_, i) => i * k), targets: lists, weights };
}

/** float32 [n, dimensions], every axis from 0 to 10. */
function startingPoints(x: Tensor, graph: SparseRows, dimensions: number, options: UmapOptions): Tensor {
  return scope(() => {
    const { generator, signal } = options;
    const { n } = graph;
    const random = (): Tensor => torch.rand([n, dimensions], { generator, dtype: 'float64' });
    const start =
      n <= dimensions + 1
        ? random()
        : components(graph).count > 1
          ? principalStart(x, dimensions, options)
          : spectralStart();
    const scaled = start.mul(START_EXTENT).div(start.abs().max().clampMin(1e-12));
    const noisy = scaled.add(torch.randn([n, dimensions], { generator, dtype: 'float64' }).mul_(START_NOISE));
    const low = noisy.amin([0]);
    return noisy
      .sub(low)
      .mul_(START_EXTENT)
      .div_(noisy.amax([0]).sub(low).clampMin(1e-12))
      .to('float32');

    function spectralStart(): Tensor {
      const k = dimensions + 1;
      const { subspace } = spectralEmbedding(graph, { k, tolerance: START_TOLERANCE, generator, signal });
      return subspace.narrow(1, 1, dimensions);
    }
  });
}

function principalStart(x: Tensor, dimensions: number, { metric = 'cosine', generator, signal }: UmapOptions): Tensor {
  const [n, d] = tableShape(x, 'the table');
  const rows = metric === 'cosine' ? x.div(rowNorms(x, 4096).unsqueeze(1)) : x;
  const k = Math.min(dimensions, d, n);
  const { scores } = pca(rows, { k, generator, signal });
  return torch.cat([scores.to('float64'), torch.zeros([n, dimensions - k], { dtype: 'float64' })], 1);
}

function drawSeed(generator: Generator): number {
  return scope(() => torch.randint(1, 2 ** 31, [1], { generator, dtype: 'int64' }).item());
}
