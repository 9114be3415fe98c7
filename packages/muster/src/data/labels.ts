import { MusterError, formatBytes, limits } from '../base/index.ts';
import { parseCsv } from '../formats/index.ts';
import { readFileBytes } from '../image/index.ts';
import type { Collection } from './collection.ts';
import { exactText, pathText } from './path-text.ts';

/**
 * True classes of a collection's images, for scoring only. A type of its own, so that a collection handed to a trainer
 * carries none.
 */
export interface Labels {
  /** Names of the classes, sorted by code point; those of a data set in its own order. */
  readonly classes: readonly string[];
  /** Class of every item, in the collection's order; -1 where the item has none. */
  readonly values: Int32Array;
  /** How many items have none. */
  readonly missing: number;
  /** Rows of the label file that fit no item (with their line's file name). */
  readonly unmatched: readonly string[];
}

const own = new WeakMap<Collection, Labels>();

/** Keeps the labels that came with a data set, apart from its collection: only {@link ownLabels} finds them again. */
export function keepLabels(collection: Collection, labels: Labels): void {
  own.set(collection, labels);
}

/** The labels that a collection's data set brought, for scoring; undefined where it brought none. */
export function ownLabels(collection: Collection): Labels | undefined {
  return own.get(collection);
}

/**
 * Labels from keys of classes.
 *
 * @param keys of each item; undefined: it has no label
 * @param order the keys of all classes in their order; by default those that occur, by code point
 * @param names what each of `order` is called; by default as its key
 */
export function encodeLabels(
  keys: readonly (string | undefined)[],
  order: readonly string[] = [...new Set(keys.filter((key) => key !== undefined))].sort(),
  names: readonly string[] = order,
): Labels {
  const numbers = new Map(order.map((key, index) => [key, index]));
  const values = Int32Array.from(keys, (key) => (key === undefined ? -1 : (numbers.get(key) ?? -1)));
  return { classes: names, values, missing: countMissing(values), unmatched: [] };
}

/** How many items have no label. */
export function countMissing(values: Int32Array): number {
  return values.reduce((count, value) => count + (value < 0 ? 1 : 0), 0);
}

/**
 * Labels from the names of the folders that the images lie in.
 *
 * @param level `parent` takes the folder right above the image, `top` the first one below the root. Default `parent`.
 * @throws MusterError `labels` where no image lies in a folder
 */
export function folderLabels(collection: Collection, level: 'parent' | 'top' = 'parent'): Labels {
  const names = collection.items.map(({ path }) => {
    const parts = path.split('/');
    return parts.length < 2 ? undefined : parts[level === 'top' ? 0 : parts.length - 2];
  });
  if (names.every((name) => name === undefined)) {
    throw new MusterError('labels', 'no image lies in a folder of its own, so folders are no labels', {
      where: collection.root,
      kind: 'usage',
      fix: 'give a CSV file with the columns file and label',
    });
  }
  return encodeLabels(names);
}

/**
 * The labels that come with a collection: its data set's own, else the names of its folders.
 *
 * @throws MusterError `labels` where there are none
 */
export function givenLabels(collection: Collection): Labels {
  const labels = ownLabels(collection);
  if (labels !== undefined) return labels;
  if (collection.kind !== 'set') return folderLabels(collection);
  throw new MusterError('labels', 'no labels lie beside its images', {
    where: collection.root,
    kind: 'usage',
    fix: 'put its file of labels there, or give a CSV file with the columns file and label',
  });
}

/**
 * Labels from a CSV file with the columns file and label (a header row names them; without one, the first two). Files
 * are matched by their path below the root, else by their base name where only one image and one row have it. A blank
 * label is none.
 *
 * @throws MusterError `labels` naming what is malformed or, where no row fits, the first of the rows
 */
export async function csvLabels(collection: Collection, path: string): Promise<Labels> {
  const where = pathText(Buffer.from(path));
  const bytes = await readFileBytes(path, where, { limits: { fileBytes: limits.csvBytes } });
  const text = exactText(bytes);
  if (text === undefined)
    throw new MusterError('labels', `is not UTF-8 text (${formatBytes(bytes.length)})`, { where });
  return matchLabels(collection, parseCsv(text, where), where);
}

/** As {@link csvLabels}, on rows already read. */
export function matchLabels(collection: Collection, rows: readonly (readonly string[])[], where: string): Labels {
  const table = readTable(rows, where);
  const items = new Lookup(collection.items.map(({ path, bytes }) => [path, exactText(bytes) ?? path]));
  const uniqueRows = countBaseNames(table.map(({ file }) => file));
  const names: (string | undefined)[] = collection.items.map(() => undefined);
  const unmatched: string[] = [];
  for (const { file, label } of table) {
    const index = items.find(file, (uniqueRows.get(baseName(file)) ?? 0) === 1);
    if (index === undefined) unmatched.push(file);
    else if (label.trim() === '') continue;
    else if (names[index] !== undefined && names[index] !== label) {
      throw new MusterError('labels', `gives ${file} two labels, ${names[index]} and ${label}`, { where });
    } else names[index] = label;
  }
  if (unmatched.length < table.length && names.every((name) => name === undefined)) {
    throw new MusterError('labels', 'gives no image a label', { where, fix: 'fill the column label' });
  }
  if (names.every((name) => name === undefined)) {
    const some = unmatched.slice(0, 10).join(', ');
    throw new MusterError(
      'labels',
      `none of its ${table.length} files is among the ${collection.items.length} images of ${collection.root} (${some}${unmatched.length > 10 ? ', ...' : ''})`,
      {
        where,
        fix: 'write paths as they are below the folder',
      },
    );
  }
  return { ...encodeLabels(names), unmatched };
}

interface LabelRow {
  file: string;
  label: string;
}

/** Names of the column that holds files. */
export const fileColumns: readonly string[] = ['file', 'filename', 'path', 'image', 'name', 'id'];
/** Names of the column that holds labels. */
export const labelColumns: readonly string[] = ['label', 'class', 'target', 'category', 'y'];

function readTable(rows: readonly (readonly string[])[], where: string): LabelRow[] {
  const head = rows[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  const labelAt = head.findIndex((cell) => labelColumns.includes(cell));
  const fileAt = head.findIndex((cell, at) => at !== labelAt && fileColumns.includes(cell));
  const named = labelAt >= 0 && fileAt >= 0;
  const [from, to] = named ? [fileAt, labelAt] : [0, 1];
  const table = rows.slice(named ? 1 : 0).map((row, index) => {
    const file = row[from];
    const label = row[to];
    if (file === undefined || label === undefined || file === '') {
      throw new MusterError('labels', `row ${index + (named ? 2 : 1)} has no file or no label`, {
        where,
        fix: 'write two columns: file,label',
      });
    }
    return { file, label };
  });
  if (table.length === 0) throw new MusterError('labels', 'has no rows', { where });
  return table;
}

/** Finds an item by the texts its path is known by; of texts that several items share, none is found. */
class Lookup {
  private readonly paths = new Map<string, number>();
  private readonly composed = new Map<string, number>();
  private readonly names = new Map<string, number>();

  constructor(items: readonly (readonly string[])[]) {
    items.forEach((texts, index) => {
      for (const text of texts) {
        this.paths.set(text, index);
        addUnique(this.composed, text.normalize('NFC'), index);
        addUnique(this.names, baseName(text), index);
      }
    });
  }

  find(file: string, byName: boolean): number | undefined {
    const path = file.replace(/^(\.\/)+/, '');
    for (const text of [path, path.replaceAll('\\', '/')]) {
      const index = this.paths.get(text) ?? this.composed.get(text.normalize('NFC')) ?? -1;
      if (index >= 0) return index;
    }
    const index = byName ? (this.names.get(baseName(path)) ?? -1) : -1;
    return index >= 0 ? index : undefined;
  }
}

function addUnique(map: Map<string, number>, key: string, index: number): void {
  const other = map.get(key);
  map.set(key, other === undefined || other === index ? index : -1);
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).normalize('NFC');
}

function countBaseNames(files: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of new Set(files)) counts.set(baseName(file), (counts.get(baseName(file)) ?? 0) + 1);
  return counts;
}
