import { setImmediate } from 'node:timers/promises';
import { generator, noGrad, scope, setThreads, tensor, threads, type Generator, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { randomStream, seedStream, type Emit } from '../base/index.ts';
import { kmeans, nearestNeighbours, pca, TsneDescent, umap, type NeighbourMetric } from '../cluster/index.ts';
import { ari } from '../metrics/index.ts';

/**
 * Mean over the rows of the share of their K nearest others that have the label of the row, for K = 1, 2, ... k.
 *
 * @param x [n, d]
 * @param labels [n], all at least 0
 * @param k neighbours; at most n - 1
 * @returns [k]
 * @source TSP figure 1
 */
export function labelConsistency(
  x: Tensor,
  labels: Int32Array,
  k: number,
  metric: NeighbourMetric,
  signal?: AbortSignal,
): number[] {
  return scope(() => {
    const { indices } = nearestNeighbours(x, { k, metric, signal }); // (n, k)
    const own = tensor(labels);
    const theirs = own.indexSelect(0, indices.view([-1])).view([labels.length, k]);
    const atRank = theirs.eq(own.unsqueeze(1)).to('float64').mean([0]);
    return atRank
      .cumsum(0)
      .div(torch.arange(1, k + 1, { dtype: 'float64' }))
      .toNumbers();
  });
}

/** How label consistency is drawn. */
export const consistencyAxes = {
  xTitle: 'K, nearest neighbours',
  yTitle: 'share with the same label',
  yRange: [0, 1],
} as const;

/** A curve of label consistency, named with its value at the largest K. */
export function consistencyLine(name: string, values: readonly number[]): { name: string; values: readonly number[] } {
  return { name: `${name}: ${(values.at(-1) ?? 0).toFixed(3)} at K\u00a0=\u00a0${values.length}`, values };
}

/** Share of pairs of rows with the same label: what neighbours drawn at random would reach. */
export function chanceConsistency(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const pairs = [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0);
  return labels.length < 2 ? 1 : pairs / (labels.length * (labels.length - 1));
}

/** At most `count` rows of those given, ascending: all, or a sample without repeats. */
export function sampleRows(rows: readonly number[], count: number, seed: number): number[] {
  if (rows.length <= count) return [...rows];
  const order = randomStream(seed, 'figures', 'sample').permutation(rows.length).subarray(0, count).sort();
  return Array.from(order, (at) => rows[at] ?? 0);
}

/** How embeddings are laid out in the plane. */
export type LayoutName = 'pca' | 'umap' | 'tsne';

/** Axes that t-SNE works on: beyond these there is hardly more than noise, and distances in fewer are quicker. */
const tsneAxes = 50;

/** From so many rows on t-SNE's gradient is approximated. */
const tsneExactBelow = 5000;

/** Longest that t-SNE keeps others from their turn, in milliseconds. */
const turnMs = 50;

/**
 * Lays rows out in the plane. t-SNE can be stopped between its iterations.
 *
 * @param x [n, d] unit rows, n at least 3
 * @returns x and y of each row in turn
 */
export async function layOut(
  x: Tensor,
  name: LayoutName,
  seed: number,
  emit: Emit,
  signal: AbortSignal,
): Promise<Float32Array> {
  using random = generator(seedStream(seed, 'figures', name));
  const [n = 0, d = 0] = x.shape;
  if (name === 'umap') {
    return scope(() => umap(x, { generator: random, neighbours: Math.min(15, n), signal }).toFloat32Array());
  }
  const k = Math.min(name === 'pca' ? 2 : tsneAxes, n, d);
  using scores = scope(() => noGrad(() => pca(x, { k, generator: random, signal }).scores.to('float32')));
  return name === 'pca' ? scores.toFloat32Array() : await descend(scores, random, emit, signal);
}

/** Up to so many rows one thread does t-SNE: waking the others for every strip of pairs costs more than they save. */
const oneThreadRows = 2000;

async function descend(x: Tensor, random: Generator, emit: Emit, signal: AbortSignal): Promise<Float32Array> {
  const all = threads();
  if ((x.shape[0] ?? 0) <= oneThreadRows) setThreads(1);
  return descendStepwise(x, random, emit, signal).finally(() => setThreads(all));
}

async function descendStepwise(x: Tensor, random: Generator, emit: Emit, signal: AbortSignal): Promise<Float32Array> {
  const total = 500;
  using descent = new TsneDescent(x, { generator: random, exactBelow: tsneExactBelow, iterations: total, signal });
  let turn = performance.now();
  while (descent.done < descent.iterations) {
    descent.step();
    if (performance.now() - turn < turnMs) continue;
    emit({ stage: 'figures', message: `t-SNE: ${descent.done} of ${total} iterations` });
    await setImmediate();
    signal.throwIfAborted();
    turn = performance.now();
  }
  using layout = descent.layout();
  return layout.toFloat32Array();
}

/** ARI between the labels and spherical k-means on the rows with as many groups as there are labels. */
export function kMeansAgreement(x: Tensor, labels: Int32Array, seed: number, signal: AbortSignal): number {
  const k = new Set(labels).size;
  return scope(() => {
    const random = generator(seedStream(seed, 'figures', 'kmeans'));
    const found = kmeans(x, { k, metric: 'spherical', restarts: 10, generator: random, signal });
    return ari(labels, Int32Array.from(found.labels.toNumbers()));
  });
}

/** Rows of x as a tensor of their own. */
export function selectRows(x: Tensor, rows: readonly number[]): Tensor {
  return scope(() => x.indexSelect(0, torch.tensor(BigInt64Array.from(rows, BigInt))));
}
