import { availableParallelism } from 'node:os';
import { errorMessage, MusterError, type Emit } from '../base/index.ts';
import type { Collection } from '../data/index.ts';
import { mapOrdered, thumbnail } from '../image/index.ts';
import type { ReportImage } from '../report/index.ts';

/** Pictures in the whole report, about: bounds its size at 5 to 10 MB. */
const maxPictures = 1600;
/** One large and eight small ones fill three rows of a card. */
const mosaicPictures = 9;
/** With more groups than this, doubtful images are not shown: the pictures are kept for the typical ones. */
const manyGroups = 100;

/** Rows of one group that the report shows. */
export interface Chosen {
  /** The most typical first. */
  readonly central: readonly number[];
  /** The least certain first; none of them central. */
  readonly doubtful: readonly number[];
}

/**
 * Chooses the images that stand for each group.
 *
 * @param labels group of each row
 * @param closeness how near each row is to its own centre
 * @param confidence null where none is claimed
 */
export function chooseImages(
  labels: Int32Array,
  groups: number,
  closeness: Float32Array,
  confidence: Float32Array | null,
): Chosen[] {
  const wanted = {
    central: Math.max(1, Math.min(mosaicPictures, Math.floor(maxPictures / groups) - 4)),
    doubtful: groups > manyGroups ? 0 : 4,
  };
  const members: number[][] = Array.from({ length: groups }, () => []);
  labels.forEach((label, row) => members[label]?.push(row));
  return members.map((rows) => {
    const central = rows
      .toSorted((a, b) => (closeness[b] ?? 0) - (closeness[a] ?? 0) || a - b)
      .slice(0, wanted.central);
    if (confidence === null) return { central, doubtful: [] };
    const shown = new Set(central);
    const others = rows.filter((row) => !shown.has(row) && (confidence[row] ?? 1) < 0.5);
    const doubtful = others
      .sort((a, b) => (confidence[a] ?? 0) - (confidence[b] ?? 0) || a - b)
      .slice(0, wanted.doubtful);
    return { central, doubtful };
  });
}

/**
 * The chosen images with their thumbnails. A picture that cannot be read any more is shown by its path.
 *
 * @param rows rows to show
 * @param items the collection's item of each row
 */
export async function loadPictures(
  collection: Collection,
  rows: readonly number[],
  items: readonly number[],
  confidence: Float32Array | null,
  emit: Emit,
  signal: AbortSignal,
): Promise<Map<number, ReportImage>> {
  const side = rows.length > maxPictures / 2 ? 120 : 160;
  const load = async (row: number): Promise<ReportImage> => {
    const item = items[row] ?? 0;
    const path = collection.items[item]?.path ?? '';
    const sure = confidence?.[row] ?? null;
    try {
      const small = await thumbnail(await collection.source(item).read(), path, { side, format: 'webp', quality: 78 });
      const uri = `data:${small.type};base64,${Buffer.from(small.data).toString('base64')}`;
      return { path, confidence: sure, thumbnail: { uri, width: small.width, height: small.height } };
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      emit({ stage: 'report', level: 'warning', message: `No picture in the report for ${errorMessage(error)}` });
      return { path, confidence: sure, thumbnail: null };
    }
  };
  const pictures = new Map<number, ReportImage>();
  let done = 0;
  for await (const picture of mapOrdered(rows, load, { concurrency: availableParallelism(), signal })) {
    pictures.set(rows[done] ?? 0, picture);
    done += 1;
    emit({ stage: 'report', done, total: rows.length, unit: 'pictures' });
  }
  return pictures;
}
