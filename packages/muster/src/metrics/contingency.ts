import { MusterError } from '../base/index.ts';
import { encodePair } from './labels.ts';
import type { Labels } from './labels.ts';

/** How often each pair of a true and a predicted value occurs; only pairs that occur are kept. */
export interface Contingency {
  readonly n: number;
  /** Distinct true and predicted values, ascending. */
  readonly classes: readonly (number | bigint)[];
  readonly clusters: readonly (number | bigint)[];
  /** Samples of each class, [classes], and of each cluster, [clusters]. */
  readonly classSizes: Int32Array;
  readonly clusterSizes: Int32Array;
  /** Cells, ordered by class and then cluster: index of the class, index of the cluster, samples in both. */
  readonly cellClass: Int32Array;
  readonly cellCluster: Int32Array;
  readonly cellCount: Int32Array;
}

/** A full table of counts: entry [class, cluster] at class * clusters.length + cluster. */
export interface ConfusionTable {
  readonly classes: readonly (number | bigint)[];
  readonly clusters: readonly (number | bigint)[];
  readonly counts: Int32Array;
}

/** A table of up to this many cells is counted in place; a larger one through sorted keys. */
const DENSE_CELLS = 1 << 22;
/** The largest table handed out whole. */
const TABLE_LIMIT = 1 << 26;

/**
 * Counts the pairs of true and predicted values, in time and memory of the order of n, however many values there are.
 * @throws MusterError metrics.labels for unequal lengths, no samples, or labels that are no integers.
 */
export function contingency(truth: Labels, pred: Labels): Contingency {
  const encoded = encodePair(truth, pred);
  const { n } = encoded;
  const width = encoded.pred.values.length;
  const height = encoded.truth.values.length;
  const cells =
    width * height <= DENSE_CELLS
      ? countByTable(encoded.truth.codes, encoded.pred.codes, width, height)
      : countBySorting(encoded.truth.codes, encoded.pred.codes, width);
  const classSizes = new Int32Array(height);
  const clusterSizes = new Int32Array(width);
  for (const code of encoded.truth.codes) classSizes[code] = (classSizes[code] ?? 0) + 1;
  for (const code of encoded.pred.codes) clusterSizes[code] = (clusterSizes[code] ?? 0) + 1;
  return { n, classes: encoded.truth.values, clusters: encoded.pred.values, classSizes, clusterSizes, ...cells };
}

/**
 * The whole table of counts, classes down and clusters across.
 * @throws MusterError metrics.labels as {@link contingency}, and where the table would exceed 2^26 cells.
 */
export function confusionTable(truth: Labels, pred: Labels): ConfusionTable {
  const { classes, clusters, cellClass, cellCluster, cellCount } = contingency(truth, pred);
  if (classes.length * clusters.length > TABLE_LIMIT) {
    throw new MusterError('metrics.labels', `a table of ${classes.length} x ${clusters.length} counts is too large`, {
      fix: 'use the contingency cells, which hold only the pairs that occur',
    });
  }
  const counts = new Int32Array(classes.length * clusters.length);
  for (let cell = 0; cell < cellCount.length; cell++) {
    counts[(cellClass[cell] ?? 0) * clusters.length + (cellCluster[cell] ?? 0)] = cellCount[cell] ?? 0;
  }
  return { classes, clusters, counts };
}

type Cells = Pick<Contingency, 'cellClass' | 'cellCluster' | 'cellCount'>;

function countByTable(truth: Int32Array, pred: Int32Array, width: number, height: number): Cells {
  const table = new Int32Array(width * height);
  for (let i = 0; i < truth.length; i++) {
    const key = (truth[i] ?? 0) * width + (pred[i] ?? 0);
    table[key] = (table[key] ?? 0) + 1;
  }
  let found = 0;
  for (const count of table) if (count > 0) found++;
  const cells = emptyCells(found);
  let cell = 0;
  for (let key = 0; key < table.length; key++) {
    const count = table[key] ?? 0;
    if (count > 0) setCell(cells, cell++, key, width, count);
  }
  return cells;
}

function countBySorting(truth: Int32Array, pred: Int32Array, width: number): Cells {
  const keys = new Float64Array(truth.length);
  for (let i = 0; i < keys.length; i++) keys[i] = (truth[i] ?? 0) * width + (pred[i] ?? 0);
  keys.sort();
  let found = 0;
  for (let i = 0; i < keys.length; i++) if (i === 0 || keys[i] !== keys[i - 1]) found++;
  const cells = emptyCells(found);
  let cell = 0;
  for (let begin = 0; begin < keys.length;) {
    let end = begin + 1;
    while (end < keys.length && keys[end] === keys[begin]) end++;
    setCell(cells, cell++, keys[begin] ?? 0, width, end - begin);
    begin = end;
  }
  return cells;
}

function emptyCells(count: number): Cells {
  return {
    cellClass: new Int32Array(count),
    cellCluster: new Int32Array(count),
    cellCount: new Int32Array(count),
  };
}

function setCell(cells: Cells, cell: number, key: number, width: number, count: number): void {
  cells.cellClass[cell] = Math.floor(key / width);
  cells.cellCluster[cell] = key % width;
  cells.cellCount[cell] = count;
}
