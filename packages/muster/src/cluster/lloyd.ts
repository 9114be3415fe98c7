import type { Tensor } from '@muster/torch';
import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { addRows, zeroSums } from './centre-sums.ts';
import type { CentreSums } from './centre-sums.ts';
import { assignAgain, assignRows, ownDistances } from './nearest-centre.ts';
import type { KMeansMetric, PreparedRows } from './nearest-centre.ts';
import { prepareRows } from './prepared-rows.ts';
import { projectRows, unsureRows } from './projected-rows.ts';
import type { ProjectedRows } from './projected-rows.ts';
import { tableShape } from './rows.ts';
import { unitRows } from './unit-rows.ts';

/** Settings of {@link lloyd}. */
export interface LloydOptions {
  /** `spherical` compares directions: rows are scaled to unit length, centres too. Default euclidean. */
  readonly metric?: KMeansMetric;
  /** Rounds of assigning and updating, at most. Default 300. */
  readonly maxIterations?: number;
  /** Ends the search between two rounds. */
  readonly signal?: AbortSignal;
}

/** A k-means partition. */
export interface KMeansResult {
  /** int64 [n]: the nearest centre of each row, of equally near ones the first. */
  readonly labels: Tensor;
  /** float64 [k, d]: the mean of each cluster (spherical: scaled to unit length). */
  readonly centres: Tensor;
  /** Sum over the rows of the squared distance to the own centre (spherical: of one minus the cosine). */
  readonly inertia: number;
  /** Rounds of assigning and updating. */
  readonly iterations: number;
  /** Whether the last two rounds gave the same labels. */
  readonly converged: boolean;
  /** What found it: `lloyd` compares all rows in every round, `mini-batch` learns from a sample and from batches. */
  readonly algorithm: 'lloyd' | 'mini-batch';
}

/** Where more rows than this share change cluster, all sums are made anew instead of being moved. */
const MOVE_SHARE = 0.3;

/** Fewer rounds than this are not worth preparing bounds. */
const LEAST_ROUNDS = 5;

/**
 * Lloyd's k-means from given centres: assign every row to the nearest centre, move every centre to the mean of its rows,
 * until no label changes or the limit is reached (then labels are assigned once more). Clusters left empty in a round
 * take over the rows farthest from their centres, the farthest going to the empty cluster of the lowest index.
 * Source: Lloyd, IEEE Trans. Information Theory 28 (1982); spherical: Dhillon and Modha, Machine Learning 42 (2001).
 *
 * Memory beside x is of the order n + k d. Sums of rows are exact to the rounding of float64.
 * @param x [n, d], float32 or float64
 * @param start [k, d], the first centres
 * @throws MusterError cluster.rows, cluster.nan, cluster.k for wrong shapes, NaN in x or start, more centres than rows.
 */
export function lloyd(x: Tensor, start: Tensor, options: LloydOptions = {}): KMeansResult {
  const { metric = 'euclidean' } = options;
  return scope(() => torch.noGrad(() => lloydOn(prepareRows(x, metric), start, options)));
}

/** {@link lloyd} on rows that were prepared once, for several starts. */
export function lloydOn(
  rows: PreparedRows,
  start: Tensor,
  { maxIterations = 300, signal }: LloydOptions = {},
): KMeansResult {
  checkStart(rows, start);
  return scope(() => {
    const [k] = tableShape(start, 'start');
    let centres = firstCentres(rows, start);
    let labels = torch.full([rows.n], -1, { dtype: 'int64', device: rows.x.device });
    const sums = zeroSums(k, rows.d, rows.x);
    let bounds: ProjectedRows | null = null;
    let mayTie = true;
    let iterations = 0;
    let converged = false;
    while (iterations < maxIterations && !converged) {
      signal?.throwIfAborted();
      const round = scope(() => {
        const next = assign(rows, bounds, centres, labels, mayTie);
        const changed = moveRows(rows, sums, labels, next);
        const { centres: moved, relocated } = meansOf(rows, sums, next, centres);
        return { next, moved, changed, relocated };
      });
      converged = iterations > 0 && round.changed === 0;
      labels.dispose();
      centres.dispose();
      [labels, centres, mayTie] = [round.next, round.moved, round.relocated];
      iterations++;
      if (iterations === 1 && maxIterations >= LEAST_ROUNDS) bounds = projectRows(rows, centres, labels);
    }
    if (!converged) labels = assign(rows, bounds, centres, labels, mayTie);
    const inertia = ownDistances(rows, centres, labels).sum([], false, { dtype: 'float64' }).item();
    return { labels, centres: finalCentres(rows, centres), inertia, iterations, converged, algorithm: 'lloyd' };
  });
}

/** The nearest centre of every row; with bounds at hand, only rows that may have changed are compared in full. */
function assign(
  rows: PreparedRows,
  bounds: ProjectedRows | null,
  centres: Tensor,
  labels: Tensor,
  mayTie: boolean,
): Tensor {
  if (bounds === null || mayTie) return assignRows(rows, centres, mayTie);
  return assignAgain(rows, centres, labels, unsureRows(bounds, rows, centres, labels));
}

function checkStart(rows: PreparedRows, start: Tensor): void {
  const [k, d] = tableShape(start, 'start');
  if (d !== rows.d) {
    throw new MusterError('cluster.rows', `start has ${d} columns, the rows have ${rows.d}`);
  }
  if (k < 1 || k > rows.n) {
    throw new MusterError('cluster.k', `${k} groups of ${rows.n} rows`, { fix: `ask for 1 to ${rows.n} groups` });
  }
  if (start.isfinite().all().item() !== 1) {
    throw new MusterError('cluster.nan', 'start holds NaN or an infinity', { fix: 'pass finite centres' });
  }
}

function firstCentres(rows: PreparedRows, start: Tensor): Tensor {
  const wide = start.to('float64');
  if (rows.metric === 'spherical') return unitRows(wide);
  return rows.offset === null ? wide.clone() : wide.sub(rows.offset);
}

function finalCentres(rows: PreparedRows, centres: Tensor): Tensor {
  return rows.offset === null ? centres : centres.add(rows.offset);
}

/** Brings the sums from the old labels (-1: none yet) to the new ones; gives the number of rows that changed. */
function moveRows(rows: PreparedRows, sums: CentreSums, old: Tensor, next: Tensor): number {
  const changed = old.ne(next).nonzero().squeeze(1);
  if (changed.numel === 0) return 0;
  if (changed.numel > MOVE_SHARE * rows.n) {
    sums.sums.zero_();
    sums.counts.zero_();
    addRows(sums, rows.x, next, null, rows.weights);
  } else {
    addRows(sums, rows.x, old.indexSelect(0, changed), changed, rows.weights, -1);
    addRows(sums, rows.x, next.indexSelect(0, changed), changed, rows.weights);
  }
  return changed.numel;
}

/** The centres that the sums give; empty clusters take over the farthest rows. */
function meansOf(
  rows: PreparedRows,
  { sums, counts }: CentreSums,
  labels: Tensor,
  centres: Tensor,
): { centres: Tensor; relocated: boolean } {
  const empty = counts.eq(0).nonzero().squeeze(1);
  if (empty.numel === 0) return { centres: scaled(rows, sums, counts, centres), relocated: false };
  const [, farthest] = ownDistances(rows, centres, labels).topk(empty.numel);
  const points = rowsAt(rows, farthest);
  const from = labels.indexSelect(0, farthest);
  const ones = torch.ones([empty.numel], { dtype: 'float64', device: counts.device });
  const movedSums = sums.indexAdd(0, from, points, { alpha: -1 }).indexCopy(0, empty, points);
  const movedCounts = counts.indexAdd(0, from, ones, { alpha: -1 }).indexCopy(0, empty, ones);
  return { centres: scaled(rows, movedSums, movedCounts, centres), relocated: true };
}

function rowsAt(rows: PreparedRows, indices: Tensor): Tensor {
  const points = rows.x.indexSelect(0, indices).to('float64');
  return rows.weights === null ? points : points.mul(rows.weights.indexSelect(0, indices).unsqueeze(1));
}

/** Means (spherical: their directions); a cluster that lost its only row to an empty one stays where it was. */
function scaled(rows: PreparedRows, sums: Tensor, counts: Tensor, centres: Tensor): Tensor {
  const means = sums.div(counts.clampMin(1).unsqueeze(1));
  const moved = rows.metric === 'spherical' ? unitRows(means) : means;
  return torch.where(counts.gt(0).unsqueeze(1), moved, centres);
}
