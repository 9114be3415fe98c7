import { availableParallelism } from 'node:os';
import { errorMessage, MusterError, type Emit } from '../base/index.ts';
import type { FigureImage } from '../export/index.ts';
import { mapOrdered, thumbnail } from '../image/index.ts';
import type { OpenRun } from './open-run.ts';

/** Longest side of a picture in a figure, in pixels: twice what it is drawn at, for print. JPEG, since many readers of SVG know no WebP. */
const picture = { side: 260, format: 'jpeg', quality: 85 } as const;

/** Pictures of rows for a figure; one that cannot be read any more is shown by its path. */
export async function loadFigureImages(
  { collection, embedded }: OpenRun,
  rows: readonly number[],
  emit: Emit,
  signal: AbortSignal,
): Promise<Map<number, FigureImage>> {
  const load = async (row: number): Promise<[number, FigureImage]> => {
    const item = embedded.items[row] ?? 0;
    const path = collection.items[item]?.path ?? '';
    try {
      const small = await thumbnail(await collection.source(item).read(), path, picture);
      return [row, { path, uri: `data:${small.type};base64,${Buffer.from(small.data).toString('base64')}` }];
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      emit({ stage: 'figures', level: 'warning', message: `No picture in the figure for ${errorMessage(error)}` });
      return [row, { path, uri: null }];
    }
  };
  const images = new Map<number, FigureImage>();
  for await (const [row, image] of mapOrdered(rows, load, { concurrency: availableParallelism(), signal }))
    images.set(row, image);
  return images;
}
