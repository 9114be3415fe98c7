import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { addRows, zeroSums } from './centre-sums.ts';
import type { CentreSums } from './centre-sums.ts';
import { startingRows } from './kmeans-start.ts';
import { lloydOn } from './lloyd.ts';
import type { KMeansResult, LloydOptions } from './lloyd.ts';
import { assignRows, ownDistances } from './nearest-centre.ts';
import { runIndices, streamRows, thinned } from './streamed-rows.ts';
import type { StreamedRows } from './streamed-rows.ts';

/** Settings of {@link miniBatchKmeans}. */
export interface MiniBatchOptions extends LloydOptions {
  /** Number of clusters. */
  readonly k: number;
  /** Source of the sample, the starts and the order of the batches. */
  readonly generator: Generator;
  /** [k, d], first centres in place of k-means++ on the sample. */
  readonly start?: Tensor;
  /** Starts to try on the sample; the best is kept. Default {@link miniBatchStarts}. */
  readonly restarts?: number;
  /** Rows of the sample: 128 a cluster and at least 32,768, within 2^28 entries, where absent. */
  readonly sampleRows?: number;
  /** Rows of a batch: 2^25 entries where absent. */
  readonly batchRows?: number;
  /** Passes over all rows with centres that move after every batch. Default 2. */
  readonly passes?: number;
  /** Rounds of Lloyd's algorithm over all rows after them. Default 1. */
  readonly rounds?: number;
}

/** How k-means works: on all rows in every round, or on a sample and batches; `auto` decides by the size of the table. */
export type KMeansAlgorithm = 'auto' | 'lloyd' | 'mini-batch';

/** Tables with more entries than this are clustered by mini-batches unless told otherwise. */
const MINI_BATCH_ENTRIES = 2 ** 28;

/** Whether a table of so many entries is clustered by {@link miniBatchKmeans}. */
export function takesMiniBatches(algorithm: KMeansAlgorithm, entries: number): boolean {
  return algorithm === 'mini-batch' || (algorithm === 'auto' && entries > MINI_BATCH_ENTRIES);
}

const SAMPLE_PER_CLUSTER = 128;
const LEAST_SAMPLE = 1 << 15;
const SAMPLE_ENTRIES = 1 << 28;
const BATCH_ENTRIES = 1 << 25;
const LEAST_BATCH = 4096;
/** Rounds on the sample: what they leave to gain, the passes over all rows gain better. */
const SAMPLE_ROUNDS = 30;
/** k-means++ looks at every fourth row of the sample: its cost is that of k passes. */
const START_STEP = 4;
/** With many clusters the inertia of one start is close to that of any other. */
const FEW_CLUSTERS = 64;

/** Starts that {@link miniBatchKmeans} tries on its sample unless told otherwise: 10 up to 64 clusters, else 1. */
export function miniBatchStarts(clusters: number): number {
  return clusters <= FEW_CLUSTERS ? 10 : 1;
}

/** Rows that lie beside each other in the file are read together. */
const RUN = 128;
/** Tries to fill clusters that are empty in the end. */
const FILLINGS = 3;

/**
 * k-means on tables too large for Lloyd's algorithm, such as mapped files: k-means++ and Lloyd's rounds on a sample,
 * passes over all rows in large shuffled batches, in which each centre stays the mean of what it has been given (its
 * rate is one over its count, as in Sculley's algorithm; a pass begins with the weight of one batch, so that what was
 * learnt from the sample fades), then a round of Lloyd's algorithm over all rows and the last assignment. Clusters that
 * get no row in a pass take over rows far from their centres.
 * Source: Sculley, Web-scale k-means clustering, WWW 2010, algorithm 1.
 *
 * The table is read `passes + rounds + 2` times; memory beside it is the sample, a batch and 20 bytes a row.
 * @param x [n, d], any floating type
 * @throws MusterError cluster.k where k is not in 1..n; cluster.rows, cluster.nan
 */
export function miniBatchKmeans(x: Tensor, options: MiniBatchOptions): KMeansResult {
  return scope(() =>
    torch.noGrad(() => {
      const { k, metric = 'euclidean', passes = 2, rounds = 1, signal } = options;
      const rows = streamRows(x, metric);
      if (!Number.isInteger(k) || k < 1 || k > rows.n) {
        throw new MusterError('cluster.k', `${k} groups of ${rows.n} rows`, { fix: `ask for 1 to ${rows.n} groups` });
      }
      const given = options.start?.shape[0] ?? k;
      if (given !== k) throw new MusterError('cluster.k', `${given} starting centres for ${k} groups`);
      const batchRows = Math.min(
        rows.n,
        Math.max(1, options.batchRows ?? Math.max(LEAST_BATCH, Math.floor(BATCH_ENTRIES / rows.d))),
      );
      const { state, iterations } = scope(() => fitSample(rows, options));
      for (let pass = 0; pass < passes; pass++) passOver(rows, state, batchRows, options.generator, signal);
      const end = finish(rows, centresOf(rows, state), rounds, signal);
      return { ...end, iterations: iterations + passes + end.iterations, algorithm: 'mini-batch' };
    }),
  );
}

/** What the batches move. Means are not scaled to unit length, so that they can be averaged further. */
interface Running {
  /** float64 [k, d], less the rows' offset. */
  readonly means: Tensor;
  /** float64 [k], share of the rows. */
  readonly shares: Tensor;
}

function fitSample(rows: StreamedRows, options: MiniBatchOptions): { state: Running; iterations: number } {
  const { k, generator, metric, signal } = options;
  const usual = Math.min(Math.max(SAMPLE_PER_CLUSTER * k, LEAST_SAMPLE), Math.floor(SAMPLE_ENTRIES / rows.d));
  const size = Math.min(rows.n, Math.max(k, options.sampleRows ?? usual));
  const [places] = torch.randperm(rows.n, { generator }).narrow(0, 0, size).sort();
  const sample = rows.pick(places.to({ device: rows.device }));
  const seeds = thinned(sample, Math.min(START_STEP, Math.floor(size / k)));
  const restarts = options.start !== undefined ? 1 : Math.max(1, options.restarts ?? miniBatchStarts(k));
  const maxIterations = Math.min(options.maxIterations ?? SAMPLE_ROUNDS, SAMPLE_ROUNDS);
  let best: KMeansResult | undefined;
  for (let run = 0; run < restarts; run++) {
    signal?.throwIfAborted();
    const result = scope(() => {
      const start = options.start ?? startingRows(seeds, k, generator);
      return lloydOn(sample, start, { metric, maxIterations, signal });
    });
    if (best === undefined || result.inertia < best.inertia) best = result;
  }
  if (best === undefined) throw new MusterError('cluster.k', 'no start was tried', { kind: 'internal' });
  const found = zeroSums(k, rows.d, sample.x);
  addRows(found, sample.x, best.labels, null, sample.weights);
  const centres = rows.offset === null ? best.centres : best.centres.sub(rows.offset);
  return {
    state: { means: meansOf(found, centres), shares: found.counts.div(size) },
    iterations: best.iterations,
  };
}

/** One pass over all rows in batches of shuffled runs; moves the state. */
function passOver(
  rows: StreamedRows,
  { means, shares }: Running,
  batchRows: number,
  generator: Generator,
  signal: AbortSignal | undefined,
): void {
  scope(() => {
    const run = Math.min(RUN, Math.ceil(batchRows / 2));
    const order = torch.randperm(Math.ceil(rows.n / run), { generator }).to({ device: rows.device });
    const perBatch = Math.max(1, Math.floor(batchRows / run));
    const weights = shares.mul(batchRows);
    const seen = torch.zerosLike(shares);
    for (let first = 0; first < order.numel; first += perBatch) {
      signal?.throwIfAborted();
      scope(() => {
        const batch = rows.pick(runIndices(order, first, perBatch, run, rows.n));
        const labels = assignRows(batch, centresOf(rows, { means, shares }), false);
        const { sums, counts } = zeroSums(means.shape[0] ?? 0, rows.d, batch.x);
        addRows({ sums, counts }, batch.x, labels, null, batch.weights);
        seen.add_(counts);
        weights.add_(counts);
        means.add_(sums.sub(means.mul(counts.unsqueeze(1))).div(weights.clampMin(1e-12).unsqueeze(1)));
      });
    }
    shares.copy_(seen.div(rows.n));
    reseat(rows, { means, shares }, batchRows, generator);
  });
}

/** Centres without rows move to the rows of a random batch that lie farthest from theirs. */
function reseat(rows: StreamedRows, { means, shares }: Running, batchRows: number, generator: Generator): void {
  const empty = shares.eq(0).nonzero().squeeze(1);
  if (empty.numel === 0) return;
  const places = torch.randperm(rows.n, { generator }).narrow(0, 0, Math.max(batchRows, Math.min(rows.n, empty.numel)));
  const batch = rows.pick(places.to({ device: rows.device }));
  const centres = centresOf(rows, { means, shares });
  const distances = ownDistances(batch, centres, assignRows(batch, centres, false));
  const [, farthest] = distances.topk(empty.numel);
  means.indexCopy_(0, empty, weighted(batch.x, batch.weights, farthest));
}

function weighted(x: Tensor, weights: Tensor | null, places: Tensor): Tensor {
  const rows = x.indexSelect(0, places).to('float64');
  return weights === null ? rows : rows.mul(weights.indexSelect(0, places).unsqueeze(1));
}

function centresOf(rows: StreamedRows, { means }: Running): Tensor {
  if (rows.metric === 'euclidean') return means.clone();
  return means.div(torch.linalgVectorNorm(means, 2, [1], true).clampMin(1e-12));
}

function meansOf({ sums, counts }: CentreSums, otherwise: Tensor): Tensor {
  const filled = counts.gt(0).unsqueeze(1);
  return torch.where(filled, sums.div(counts.clampMin(1).unsqueeze(1)), otherwise);
}

/** All rows against fixed centres, in the order of the table. */
interface Sweep extends CentreSums {
  /** int64 [n] */
  readonly labels: Tensor;
  /** [n], as {@link ownDistances}. */
  readonly distances: Tensor;
}

function sweepOver(rows: StreamedRows, centres: Tensor, signal: AbortSignal | undefined): Sweep {
  const labels = torch.empty([rows.n], { dtype: 'int64', device: rows.device });
  const distances = torch.empty([rows.n], { dtype: 'float64', device: rows.device });
  const found = zeroSums(centres.shape[0] ?? 0, rows.d, centres);
  const length = Math.max(LEAST_BATCH, Math.floor(BATCH_ENTRIES / rows.d));
  for (let start = 0; start < rows.n; start += length) {
    signal?.throwIfAborted();
    scope(() => {
      const part = rows.range(start, Math.min(length, rows.n - start));
      const own = assignRows(part, centres, false);
      labels.narrow(0, start, part.n).copy_(own);
      distances.narrow(0, start, part.n).copy_(ownDistances(part, centres, own));
      addRows(found, part.x, own, null, part.weights);
    });
  }
  return { labels, distances, ...found };
}

/** Lloyd's rounds over all rows, more of them while clusters are empty that could be filled, and the result. */
function finish(
  rows: StreamedRows,
  first: Tensor,
  rounds: number,
  signal: AbortSignal | undefined,
): Omit<KMeansResult, 'algorithm'> {
  return scope(() => {
    let centres = first;
    let sweep = sweepOver(rows, centres, signal);
    let iterations = 0;
    let converged = false;
    while (iterations < rounds || (iterations < rounds + FILLINGS && canFill(sweep))) {
      const moved = scope(() => centresOf(rows, { means: movedMeans(rows, sweep, centres), shares: sweep.counts }));
      const next = sweepOver(rows, moved, signal);
      converged = next.labels.eq(sweep.labels).all().item() === 1;
      for (const old of [sweep.labels, sweep.distances, sweep.sums, sweep.counts]) old.dispose();
      [centres, sweep] = [moved, next];
      iterations++;
    }
    const inertia = sweep.distances.sum().item();
    const shifted = rows.offset === null ? centres : centres.add(rows.offset);
    return { labels: sweep.labels, centres: shifted, inertia, iterations, converged };
  });
}

function canFill({ counts, distances }: Sweep): boolean {
  return counts.eq(0).any().item() === 1 && distances.max().item() > 0;
}

/** Means of the present clusters; empty ones take over the rows farthest from their centres. */
function movedMeans(rows: StreamedRows, { sums, counts, labels, distances }: Sweep, centres: Tensor): Tensor {
  const empty = counts.eq(0).nonzero().squeeze(1);
  if (empty.numel === 0) return meansOf({ sums, counts }, centres);
  const [, farthest] = distances.topk(empty.numel);
  const batch = rows.pick(farthest);
  const points = weighted(
    batch.x,
    batch.weights,
    torch.arange(0, empty.numel, { dtype: 'int64', device: rows.device }),
  );
  const from = labels.indexSelect(0, farthest);
  const ones = torch.ones([empty.numel], { dtype: 'float64', device: rows.device });
  const movedSums = sums.indexAdd(0, from, points, { alpha: -1 }).indexCopy(0, empty, points);
  const movedCounts = counts.indexAdd(0, from, ones, { alpha: -1 }).indexCopy(0, empty, ones);
  return meansOf({ sums: movedSums, counts: movedCounts }, centres);
}
