import { linearAssignment } from './assignment.ts';
import { MusterError } from '../base/index.ts';
import { contingency } from './contingency.ts';
import type { Contingency } from './contingency.ts';
import type { Labels } from './labels.ts';

/** A cluster and the class it stands for, with the samples they share. */
export interface MatchedPair {
  readonly cluster: number | bigint;
  readonly class: number | bigint;
  readonly count: number;
}

/** The largest table that one connected part of the pairs may need for its matching. */
const CELL_LIMIT = 1 << 26;

/**
 * Clustering accuracy: the share of samples on the one-to-one matching of clusters to classes with the largest total.
 * Surplus clusters or classes stay unmatched and count as wrong.
 * Source: Xie, Girshick and Farhadi, ICML 2016, eq. 10, for rectangular tables.
 * @param truth [n] integers
 * @param pred [n] integers
 * @returns 0..1
 * @throws MusterError metrics.labels as {@link contingency}.
 */
export function acc(truth: Labels, pred: Labels): number {
  let matched = 0;
  for (const pair of matchClusters(truth, pred)) matched += pair.count;
  return matched / truth.length;
}

/**
 * Matches clusters to classes one to one so that they share the most samples.
 * @returns the pairs that share at least one sample, by ascending class; of several best matchings, one.
 * @throws MusterError metrics.labels as {@link contingency}, and where clusters and classes are too tangled to be matched in
 *   memory: one connected part of more than 2^26 pairs.
 */
export function matchClusters(truth: Labels, pred: Labels): MatchedPair[] {
  const table = contingency(truth, pred);
  const pairs = connectedParts(table).flatMap((cells) => matchPart(table, cells));
  return pairs.sort((a, b) => (a.class < b.class ? -1 : 1));
}

/** Cells of the table, split so that no class or cluster is in two parts: each part can be matched alone. */
function connectedParts({ classes, clusters, cellClass, cellCluster }: Contingency): number[][] {
  const parent = Int32Array.from({ length: classes.length + clusters.length }, (_, node) => node);
  const root = (node: number): number => {
    let top = node;
    while (parent[top] !== top) {
      parent[top] = parent[parent[top] ?? 0] ?? 0;
      top = parent[top] ?? 0;
    }
    return top;
  };
  for (let cell = 0; cell < cellClass.length; cell++) {
    parent[root(cellClass[cell] ?? 0)] = root(classes.length + (cellCluster[cell] ?? 0));
  }
  const parts = new Map<number, number[]>();
  for (let cell = 0; cell < cellClass.length; cell++) {
    const key = root(cellClass[cell] ?? 0);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [cell]);
    else part.push(cell);
  }
  return [...parts.values()];
}

function pairOf({ classes, clusters, cellClass, cellCluster, cellCount }: Contingency, cell: number): MatchedPair {
  return {
    cluster: clusters[cellCluster[cell] ?? 0] ?? 0,
    class: classes[cellClass[cell] ?? 0] ?? 0,
    count: cellCount[cell] ?? 0,
  };
}

function matchPart(table: Contingency, cells: readonly number[]): MatchedPair[] {
  const rows = [...new Set(cells.map((cell) => table.cellClass[cell] ?? 0))];
  const columns = [...new Set(cells.map((cell) => table.cellCluster[cell] ?? 0))];
  // A part of one class or one cluster takes its largest cell. Where groups are many, most parts are such.
  if (rows.length === 1 || columns.length === 1) {
    const count = (cell: number): number => table.cellCount[cell] ?? 0;
    return [
      pairOf(
        table,
        cells.reduce((best, cell) => (count(cell) > count(best) ? cell : best)),
      ),
    ];
  }
  if (rows.length * columns.length > CELL_LIMIT) {
    throw new MusterError(
      'metrics.labels',
      `matching ${columns.length} clusters to ${rows.length} classes needs too much memory`,
      {
        fix: 'compare partitions of fewer groups, or use NMI and ARI',
      },
    );
  }
  const rowOf = new Map(rows.map((row, index) => [row, index]));
  const columnOf = new Map(columns.map((column, index) => [column, index]));
  const shared = new Float64Array(rows.length * columns.length);
  for (const cell of cells) {
    const row = rowOf.get(table.cellClass[cell] ?? 0) ?? 0;
    const column = columnOf.get(table.cellCluster[cell] ?? 0) ?? 0;
    shared[row * columns.length + column] = table.cellCount[cell] ?? 0;
  }
  const { columnOfRow } = linearAssignment(shared, rows.length, columns.length, { maximise: true });
  return rows.flatMap((row, index) => {
    const column = columnOfRow[index] ?? -1;
    const count = column < 0 ? 0 : (shared[index * columns.length + column] ?? 0);
    if (count === 0) return [];
    return [{ cluster: table.clusters[columns[column] ?? 0] ?? 0, class: table.classes[row] ?? 0, count }];
  });
}
