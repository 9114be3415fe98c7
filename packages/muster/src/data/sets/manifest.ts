import { dirname, basename } from 'node:path';
import { MusterError } from '../../base/index.ts';
import { parseCsv } from '../../formats/index.ts';
import { fileColumns, labelColumns } from '../labels.ts';
import { pathText } from '../path-text.ts';
import { pictureSet } from './picture-set.ts';
import type { Placed } from './picture-set.ts';
import { folderPlace } from './place.ts';
import type { Place, PlaceOptions } from './place.ts';
import { splitName } from './set.ts';
import type { FoundSet } from './set.ts';
import { readText } from './text-file.ts';

/** A list of pictures in a CSV file, and the folder that its paths start from: the one it lies in. */
export interface Manifest {
  readonly place: Place;
  readonly found: FoundSet;
}

interface Row {
  readonly path: string;
  readonly split: string;
  readonly key: string | undefined;
}

const splitColumns = ['split', 'subset', 'set', 'fold'];

/**
 * Reads a manifest: a CSV file with a row for each picture and the columns path, label and, where there are several,
 * split; the first row names them. A blank label is none.
 *
 * @throws MusterError `data.manifest` naming the row that is malformed
 */
export function openManifest(path: string, options: PlaceOptions = {}): Manifest {
  const place = folderPlace(dirname(path), options);
  const where = pathText(Buffer.from(path));
  const rows = readRows(parseCsv(readText(place, basename(path)), where), where);
  const placed = new Map<string, Placed>();
  for (const { path: file, split, key } of rows) {
    if (placed.has(file)) throw refuse(where, `lists ${file} twice`, 'give each image one row');
    placed.set(file, { split, key });
  }
  const splits = [...new Set(rows.map(({ split }) => split))];
  const order = ['train', 'val', 'test'];
  const rank = (name: string): number => order.indexOf(name) + 1 || 9;
  const found = pictureSet(place, {
    format: 'CSV manifest',
    splits: splits
      .sort((a, b) => rank(a) - rank(b))
      .map((name) => ({ name, labelled: rows.some(({ split, key }) => split === name && key !== undefined) })),
    ...foldersOf(rows),
    sort: (paths) => {
      const here = new Set(paths);
      const missing = [...placed].filter(([file]) => !here.has(file));
      if (missing.length === 0) return paths.map((file) => placed.get(file));
      throw refuse(
        where,
        `${missing.length} of its ${placed.size} images are not there (${missing[0]?.[0] ?? ''})`,
        fix,
      );
    },
    order: [...new Set(rows.flatMap(({ key }) => key ?? []))].sort(),
  });
  return { place, found };
}

const fix = 'write paths as they are below the folder of the CSV file';

/** Whether the first bytes of a file look like a manifest: its first row names a column of paths. */
export function looksLikeManifest(start: Uint8Array): boolean {
  const [line = ''] = Buffer.from(start)
    .toString('utf8')
    .split(/[\r\n]/);
  const cells = line.replace('\ufeff', '').split(',').map(cleaned);
  return cells.length > 1 && cells.some((cell) => fileColumns.includes(cell));
}

const cleaned = (cell: string): string => cell.trim().replace(/^"|"$/g, '').toLowerCase();

function readRows(table: readonly (readonly string[])[], where: string): Row[] {
  const head = table[0]?.map(cleaned) ?? [];
  const labelAt = head.findIndex((cell) => labelColumns.includes(cell));
  const pathAt = head.findIndex((cell, at) => at !== labelAt && fileColumns.includes(cell));
  const splitAt = head.findIndex((cell) => splitColumns.includes(cell));
  if (pathAt < 0) throw refuse(where, 'its first row names no column of paths', 'begin it with path,label,split');
  if (table.length < 2) throw refuse(where, 'has no rows', 'write a row for each image');
  return table.slice(1).map((row, index) => {
    const path = (row[pathAt] ?? '').replaceAll('\\', '/').replace(/^(\.\/)+/, '');
    if (path === '') throw refuse(where, `row ${index + 2} has no path`, fix);
    if (path.startsWith('/') || /^[a-z]:/i.test(path) || path.split('/').includes('..'))
      throw refuse(where, `row ${index + 2} leads out of its folder (${path})`, fix);
    const label = labelAt < 0 ? '' : (row[labelAt] ?? '').trim();
    const split = splitAt < 0 ? 'all' : (row[splitAt] ?? '').trim();
    if (split === '') throw refuse(where, `row ${index + 2} has no split`, 'fill the column split');
    return { path, split: splitName(split) ?? split, key: label === '' ? undefined : label };
  });
}

/** The folders that the pictures lie in; nothing where some lie beside the CSV file. */
function foldersOf(rows: readonly Row[]): { folders?: () => readonly string[] } {
  const tops = new Set(rows.map(({ path }) => (path.includes('/') ? (path.split('/')[0] ?? '') : '')));
  return tops.has('') ? {} : { folders: () => [...tops] };
}

function refuse(where: string, what: string, fixed: string): MusterError {
  return new MusterError('data.manifest', what, { where, kind: 'usage', fix: fixed });
}
