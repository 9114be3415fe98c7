import { existsSync } from 'node:fs';
import { MusterError } from '../base/index.ts';
import { csvLabels, givenLabels, type Collection, type Labels } from '../data/index.ts';
import { acc, ari, nmi } from '../metrics/index.ts';

/** Agreement of groups with given labels. */
export interface Scores {
  readonly acc: number;
  readonly nmi: number;
  readonly ari: number;
  /** Grouped images that have a label: only these are scored. */
  readonly labelled: number;
  readonly classes: number;
}

/**
 * Reads labels. Called before the work starts to find mistakes early, and again, by `scoreGroups`, when it is done: no
 * step of the grouping is given them.
 * @param labels `folders` or `set`: those that come with the images, as folders or in a data set's own files; else the path
 *   of a CSV file
 * @throws MusterError `labels` where they cannot be read or fit no image
 */
export async function readLabels(collection: Collection, labels: string): Promise<Labels> {
  if (labels === 'folders' || labels === 'set') return givenLabels(collection);
  if (!existsSync(labels)) {
    throw new MusterError('labels', 'there is no such file', {
      where: labels,
      kind: 'usage',
      fix: 'give --labels folders, or a CSV file with the columns file and label',
    });
  }
  return csvLabels(collection, labels);
}

/**
 * Scores groups against labels.
 *
 * @param items the collection's item of each row
 * @param groups group of each row
 * @returns null where no grouped image has a label
 */
export async function scoreGroups(
  collection: Collection,
  labels: string,
  items: readonly number[],
  groups: Int32Array,
): Promise<Scores | null> {
  return scoreAgainst(await readLabels(collection, labels), items, groups);
}

/** The same with labels at hand. */
export function scoreAgainst({ values }: Labels, items: readonly number[], groups: Int32Array): Scores | null {
  const rows = items
    .map((item, row) => ({ truth: values[item] ?? -1, group: groups[row] ?? 0 }))
    .filter(({ truth }) => truth >= 0);
  if (rows.length === 0) return null;
  const truth = Int32Array.from(rows, (row) => row.truth);
  const found = Int32Array.from(rows, (row) => row.group);
  const classes = new Set(truth).size;
  return { acc: acc(truth, found), nmi: nmi(truth, found), ari: ari(truth, found), labelled: rows.length, classes };
}
