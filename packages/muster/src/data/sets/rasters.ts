import { MusterError } from '../../base/index.ts';
import { recordBytes, recordPixels } from '../../formats/index.ts';
import type { RecordLayout } from '../../formats/index.ts';
import { rasterSource } from '../../image/index.ts';
import { plain } from '../binary-file.ts';
import type { BinaryFile } from '../binary-file.ts';
import type { Collection, CollectionItem, Rasters } from '../collection.ts';
import { pathText } from '../path-text.ts';
import type { Place } from './place.ts';

/** Pictures of one split that lie one behind the other in a file. */
export interface RasterPart {
  readonly file: BinaryFile;
  readonly layout: RecordLayout;
  /** Where the first record begins. */
  readonly offset: number;
  readonly count: number;
  /** uint8 [count], the number of each picture's class; null where there are none. */
  readonly labels: Uint8Array | null;
}

/** Bytes of a part that are read at a time. */
const STRETCH = 4 * 2 ** 20;

/**
 * Pictures of a part.
 *
 * @returns uint8 [count, height, width, channels]
 * @throws MusterError `CHANGED`
 */
export function partPixels({ file, layout, offset }: RasterPart, start: number, count: number): Uint8Array {
  const each = recordBytes(layout);
  return recordPixels(file.read(offset + start * each, count * each), layout);
}

/**
 * Whole records of a file in stretches, for what has to be known of all of them before any picture is read.
 * @param take called with the records of each stretch, in order
 */
export function forRecords(
  file: BinaryFile,
  layout: RecordLayout,
  count: number,
  take: (records: Uint8Array, start: number) => void,
): void {
  const each = recordBytes(layout);
  const step = Math.max(1, Math.floor(STRETCH / each));
  for (let start = 0; start < count; start += step) {
    const records = Math.min(step, count - start);
    take(file.read(start * each, records * each), start);
  }
}

/**
 * A collection of raw pixels: split by split, each in the order of its files. An image's path is its split and its
 * number there, `train/00042`, so that it has the same name whichever splits are opened.
 *
 * @throws MusterError `NO_IMAGES`, `data.format` where sizes differ
 */
export function rasterCollection(place: Place, splits: ReadonlyMap<string, readonly RasterPart[]>): Collection {
  const parts = [...splits.values()].flat();
  const items = [...splits].flatMap(([split, own]) => itemsOf(split, own));
  if (items.length === 0) throw new MusterError('NO_IMAGES', 'its files hold no images', { where: place.root });
  const rasters = new PartRasters(parts, place.root);
  const { width, height, channels } = rasters;
  return {
    kind: 'set',
    name: place.name,
    root: place.root,
    items,
    skipped: [],
    ignored: { others: 0, hidden: 0, outputs: [] },
    source: (index) => {
      const item = items[index];
      if (item === undefined)
        throw new MusterError('internal', `no item ${index} of ${items.length}`, { kind: 'internal' });
      return rasterSource(item.path, () => ({ pixels: rasters.read(index, 1), width, height, channels }));
    },
    rasters,
    close: () => place.close(),
  };
}

function itemsOf(split: string, parts: readonly RasterPart[]): CollectionItem[] {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const digits = String(Math.max(total - 1, 0)).length;
  const items: CollectionItem[] = [];
  for (const { file, layout, count } of parts) {
    const sizeBytes = recordBytes({ ...layout, labelBytes: 0 });
    for (let record = 0; record < count; record++) {
      const bytes = Buffer.from(`${split}/${String(items.length).padStart(digits, '0')}`);
      items.push({ path: pathText(bytes), bytes, sizeBytes, mtimeMs: file.mtimeMs });
    }
  }
  return items;
}

/** The parts of a collection, read as one. */
class PartRasters implements Rasters {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly #parts: readonly RasterPart[];

  constructor(parts: readonly RasterPart[], root: string) {
    const [first] = parts;
    this.width = first?.layout.width ?? 0;
    this.height = first?.layout.height ?? 0;
    this.channels = first?.layout.channels ?? 1;
    this.#parts = parts;
    for (const { file, layout } of parts) {
      if (layout.width === this.width && layout.height === this.height && layout.channels === this.channels) continue;
      const sizes = `${layout.width} x ${layout.height} x ${layout.channels}, others ${this.width} x ${this.height} x ${this.channels}`;
      throw new MusterError('data.format', `its pictures are ${sizes}`, {
        where: `${root}: ${file.name}`,
        fix: 'open the splits one by one',
      });
    }
  }

  read(start: number, count: number): Uint8Array {
    const each = this.width * this.height * this.channels;
    const found: Uint8Array[] = [];
    let before = 0;
    for (const part of this.#parts) {
      const from = Math.max(start - before, 0);
      const to = Math.min(start + count - before, part.count);
      if (from < to) found.push(partPixels(part, from, to - from));
      before += part.count;
    }
    const pixels = found.length === 1 ? (found[0] ?? new Uint8Array(0)) : plain(Buffer.concat(found));
    if (pixels.length === count * each) return pixels;
    throw new MusterError('internal', `no images ${start} to ${start + count - 1} of ${before}`, { kind: 'internal' });
  }
}
