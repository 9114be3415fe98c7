import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { generator, noGrad, scope, setThreads, threads, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { formatCount, MusterError, seedStream, type Emit } from '../base/index.ts';
import { estimateGroups, kmeans, miniBatchStarts, takesMiniBatches, unitRows } from '../cluster/index.ts';
import type { KMeansAlgorithm } from '../cluster/index.ts';
import { marginConfidence } from '../quality/index.ts';

/** Groups of embedded images. Groups are numbered from 0, the largest first. */
export interface Grouping {
  /** Group of each row. */
  readonly labels: Int32Array;
  readonly groups: number;
  /** Why so many groups, in one sentence. */
  readonly reason: string;
  /** Cosine of each row with its own centre. */
  readonly closeness: Float32Array;
  /** 0..1 a row; null where nothing can be claimed (one group, or images that are all alike). */
  readonly confidence: Float32Array | null;
  /** Remarks the reader must not miss. */
  readonly notes: readonly string[];
  /** Sum over the rows of 1 - closeness. */
  readonly inertia: number;
  /** Starts of k-means of which this is the best; 0 where none was needed. */
  readonly restarts: number;
}

/** Groups by k-means. */
export interface CentredGrouping extends Grouping {
  /** What gives further images their group. */
  readonly centres: GroupCentres;
}

/** Centres of the groups, with the mean that is taken from embeddings before they are compared. */
export interface GroupCentres {
  /** [D] */
  readonly mean: Float32Array;
  /** [groups, D] unit rows. */
  readonly rows: Float32Array;
}

export interface GroupingOptions {
  /** Wanted number of groups; undefined: estimate it. */
  readonly groups: number | undefined;
  readonly seed: number;
  /** Undefined: `defaultRestarts`, or mini-batches' own number. */
  readonly restarts: number | undefined;
  /** How k-means works. Default auto: mini-batches for very large tables. */
  readonly algorithm?: KMeansAlgorithm;
}

/**
 * Up to this many multiplications per round one thread does it: waking the others costs more than they save (522 × 1,280
 * in 10 groups: 36 ms a start on one thread, 300 ms on two of a machine that has other work).
 */
const smallRound = 1e8;

/** Multiplications per round of k-means that all starts together may take by default. */
const restartBudget = 2e9;

/**
 * Starts for a collection of this size. Better partitions are found with more starts and agree better with known kinds
 * (docs/results.md), and as long as they take less time than the embedding did, they are worth it.
 */
export function defaultRestarts(rows: number, dim: number, groups: number): number {
  return Math.max(10, Math.min(40, Math.floor(restartBudget / (rows * dim * groups))));
}

/** @throws MusterError `cluster.too-many-groups` where more groups than images are wanted */
export function requireEnough(groups: number | undefined, images: number): void {
  if (groups === undefined || groups <= images) return;
  throw new MusterError(
    'cluster.too-many-groups',
    `${formatCount(groups, 'group')} of ${formatCount(images, 'image')} cannot be made`,
    { kind: 'usage', fix: `use -k ${images} or less` },
  );
}

/**
 * Spherical k-means on embeddings from which the collection's mean was taken: on what all images share, groups cannot
 * differ. It is given embeddings and nothing else.
 *
 * @param embeddings (N, D) float32, finite, N at least 1; stays the caller's
 * @throws MusterError `cluster.too-many-groups` where more groups than images are wanted
 */
export async function groupEmbeddings(
  embeddings: Tensor,
  options: GroupingOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<CentredGrouping> {
  const n = embeddings.shape[0] ?? 0;
  requireEnough(options.groups, n);
  const distinct = countDistinct(embeddings);
  const choice = chooseNumber(embeddings, distinct, options, emit);
  signal.throwIfAborted();
  const found =
    choice.groups === 1 ? oneGroup(embeddings) : await separate(embeddings, choice.groups, options, emit, signal);
  const sizes = new Array<number>(found.groups).fill(0);
  for (const label of found.labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const notes = [...choice.notes];
  if (found.groups < choice.groups)
    notes.push(`${choice.groups - found.groups} of ${choice.groups} groups stayed empty and are left out.`);
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  if (found.groups > 1 && largest > 0.8 * n) {
    notes.push(
      `One group holds ${formatCount(largest, 'image')} of ${n}: the groups are very unequal, which k-means tends to even out.`,
    );
  }
  return { ...found, confidence: distinct === 1 ? null : found.confidence, reason: choice.reason, notes };
}

/** How many groups to make of these embeddings, and why. @throws MusterError `cluster.too-many-groups` */
export function chooseGroups(
  embeddings: Tensor,
  options: Pick<GroupingOptions, 'groups' | 'seed'>,
  emit: Emit,
): GroupChoice {
  requireEnough(options.groups, embeddings.shape[0] ?? 0);
  return chooseNumber(embeddings, countDistinct(embeddings), options, emit);
}

/** Below this separation of its communities a collection looks more like one cloud than like groups. */
const clearSeparation = 0.6;

/** A number of groups. */
export interface GroupChoice {
  readonly groups: number;
  readonly reason: string;
  readonly notes: string[];
}

function chooseNumber(
  embeddings: Tensor,
  distinct: number,
  { groups, seed }: Pick<GroupingOptions, 'groups' | 'seed'>,
  emit: Emit,
): GroupChoice {
  const n = embeddings.shape[0] ?? 0;
  if (n === 1)
    return { groups: 1, reason: 'there is one image', notes: ['There is only one image, so nothing can be compared.'] };
  if (distinct === 1) {
    const notes = [`All ${n} images look the same to the backbone: they are one group, and no confidence is claimed.`];
    return { groups: 1, reason: 'all images look the same', notes };
  }
  if (groups === undefined) {
    emit({ stage: 'group', message: 'estimating the number of groups' });
    using rows = centredRows(embeddings);
    const estimate = estimateGroups(rows, seedStream(seed, 'number-of-groups'));
    const isVague = n > 3 && estimate.separation < clearSeparation;
    const notes = isVague
      ? ['These images form no clear groups, so their number is little more than a guess; -k sets it.']
      : [];
    return { groups: Math.min(estimate.groups, distinct), reason: estimate.reason, notes };
  }
  if (groups === 1) return { groups, reason: 'as asked', notes: ['With one group nothing is separated.'] };
  if (groups > distinct) {
    const notes = [
      `Only ${formatCount(distinct, 'image')} of ${n} differ, so there are ${distinct} groups instead of ${groups}.`,
    ];
    return { groups: distinct, reason: 'as many as there are different images', notes };
  }
  const notes = groups === n && n > 1 ? ['There are as many groups as images, so each is alone in its own.'] : [];
  return { groups, reason: 'as asked', notes };
}

/** What a way of grouping gives before remarks are added. */
type Found = Omit<CentredGrouping, 'reason' | 'notes'>;

function oneGroup(embeddings: Tensor): Found {
  const { closeness, centres } = scope(() => {
    const rows = unitRows(embeddings);
    const centre = unitRows(rows.mean([0], true)).squeeze(0);
    return { closeness: rows.mv(centre).toFloat32Array(), centres: centresOf(embeddings, centre) };
  });
  const inertia = closeness.reduce((sum, cosine) => sum + 1 - cosine, 0);
  const labels = new Int32Array(closeness.length);
  return { labels, groups: 1, closeness, confidence: null, inertia, restarts: 0, centres };
}

async function separate(
  embeddings: Tensor,
  k: number,
  options: GroupingOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<Found> {
  using rows = centredRows(embeddings);
  const plan = planStarts(rows, k, options);
  const { restarts } = plan;
  const all = threads();
  if (rows.numel * k <= smallRound) setThreads(1);
  const best = await bestStart(rows, k, plan, emit, signal).finally(() => setThreads(all));
  using bestCentres = best.centres;
  const { labels, order } = largestFirst(best.labels, k);
  return scope(() => {
    const centres = unitRows(bestCentres.indexSelect(0, torch.tensor(BigInt64Array.from(order, BigInt)))); // (groups, D)
    const own = centres.indexSelect(0, torch.tensor(BigInt64Array.from(labels, BigInt))); // (N, D)
    const closeness = rows.mul(own).sum([1]).toFloat32Array();
    const confidence = order.length > 1 ? marginConfidence(rows, centres) : null;
    const found = { labels, groups: order.length, closeness, confidence, inertia: best.inertia, restarts };
    return { ...found, centres: centresOf(embeddings, centres) };
  });
}

/** What k-means keeps of its best start. */
interface Start {
  readonly labels: Int32Array;
  /** (k, D) float32. The caller's. */
  readonly centres: Tensor;
  readonly inertia: number;
}

/** Fits of k-means and the starts of each. */
interface StartPlan {
  readonly seed: number;
  readonly algorithm: KMeansAlgorithm;
  readonly restarts: number;
  /** Fits one after the other, which share the starts between them. */
  readonly fits: number;
}

/** A fit for each start; one fit where it goes by mini-batches, which try their starts on a sample and then read the whole table. */
function planStarts(
  { shape: [n = 0, dim = 0], numel }: Tensor,
  k: number,
  { seed, restarts: wanted, algorithm = 'auto' }: GroupingOptions,
): StartPlan {
  const isSampled = takesMiniBatches(algorithm, numel);
  const restarts = wanted ?? (isSampled ? miniBatchStarts(k) : defaultRestarts(n, dim, k));
  return { seed, algorithm, restarts, fits: isSampled ? 1 : restarts };
}

/** Tries the starts one by one, each from a stream of its own, and lets others (the user's Ctrl-C) have a turn in between. */
async function bestStart(
  rows: Tensor,
  k: number,
  { seed, algorithm, restarts, fits }: StartPlan,
  emit: Emit,
  signal: AbortSignal,
): Promise<Start> {
  let best: Start | undefined;
  for (let start = 0; start < fits; start++) {
    emit({ stage: 'group', done: start, total: fits, unit: 'starts' });
    await setImmediate();
    signal.throwIfAborted();
    const found = scope((): Start => {
      const random = generator(seedStream(seed, 'kmeans', start));
      const { labels, centres, inertia } = kmeans(rows, {
        k,
        metric: 'spherical',
        algorithm,
        restarts: restarts / fits,
        generator: random,
        signal,
      });
      return { labels: labels.to('int32').toTypedArray() as Int32Array, centres: centres.to('float32'), inertia };
    });
    if (best === undefined || found.inertia < best.inertia) {
      best?.centres.dispose();
      best = found;
    } else found.centres.dispose();
  }
  if (best === undefined) throw new MusterError('cluster.restarts', 'no start was tried', { kind: 'internal' });
  return best;
}

/** Groups renamed by size, the largest first (ties: the one whose first image comes first); empty ones are left out, rows below 0 stay out. */
export function largestFirst(found: Int32Array, k: number): { labels: Int32Array; order: number[] } {
  const sizes = new Array<number>(k).fill(0);
  const first = new Array<number>(k).fill(found.length);
  found.forEach((group, row) => {
    if (group < 0) return;
    sizes[group] = (sizes[group] ?? 0) + 1;
    first[group] = Math.min(first[group] ?? row, row);
  });
  const order = [...sizes.keys()].filter((group) => (sizes[group] ?? 0) > 0);
  order.sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0) || (first[a] ?? 0) - (first[b] ?? 0));
  const names = new Map(order.map((group, name) => [group, name]));
  return { labels: found.map((group) => names.get(group) ?? -1), order };
}

/** Rows minus their mean, scaled to unit length. */
export function centredRows(embeddings: Tensor): Tensor {
  return scope(() => noGrad(() => unitRows(embeddings.sub(embeddings.mean([0], true)))));
}

function centresOf(embeddings: Tensor, centres: Tensor): GroupCentres {
  return { mean: embeddings.mean([0]).toFloat32Array(), rows: centres.toFloat32Array() };
}

/** Cosine distance up to which all images count as the same: copies of one differ by less, also in bfloat16. */
const sameDistance = 1e-3;

/** Whether all rows point where the first one does. */
function areAlike(embeddings: Tensor): boolean {
  return scope(() => {
    const first = embeddings.select(0, 0);
    const norms = torch.linalgVectorNorm(embeddings, 2, [1]); // (N)
    const cosines = embeddings.mv(first).div(norms.mul(first.norm()).clampMin(1e-12));
    return cosines.min().item() >= 1 - sameDistance;
  });
}

/** How many different rows there are: 1 where all are alike, else the exact number. */
function countDistinct(embeddings: Tensor): number {
  if (areAlike(embeddings)) return 1;
  const [n = 0, dim = 0] = embeddings.shape;
  const values = embeddings.toFloat32Array();
  const seen = new Set<string>();
  for (let row = 0; row < n; row++) {
    seen.add(
      createHash('sha1')
        .update(values.subarray(row * dim, (row + 1) * dim))
        .digest('base64'),
    );
  }
  return seen.size;
}
