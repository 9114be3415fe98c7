import { createHash } from 'node:crypto';
import { scope, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { formatCount, MusterError } from '../base/index.ts';
import type { Collection, Rasters } from '../data/index.ts';
import { centreSquare, loadImages, wholeImage, type Filter, type Geometry } from '../image/index.ts';
import type { PixelSize } from '../store/index.ts';

/** How pictures of a collection become pixels of one size. */
export interface PixelForm {
  /** Side of the square images, or height and width; null: the collection's own size, or that of most of its first images. */
  readonly size: number | readonly [height: number, width: number] | null;
  /** null: those of raw pixels, 3 for pictures. */
  readonly channels: 1 | 3 | null;
  /** `whole` gives the aspect ratio up, `centre` keeps the central square. */
  readonly resize: 'whole' | 'centre';
  readonly filter: Filter;
}

/** Images whose size is looked at where none is asked for, and the largest that is taken without asking. */
const sampledImages = 64;
const largestSide = 256;

/** How a picture gets a size. */
export function geometryOf(
  { resize, filter }: Pick<PixelForm, 'resize' | 'filter'>,
  { height, width }: PixelSize,
): Geometry {
  if (resize === 'centre' && height === width) return centreSquare(height, filter);
  return { ...wholeImage(height, filter), resize: [height, width] };
}

/** Brightness as Pillow has it: (19595 R + 38470 G + 7471 B + 2^15) / 2^16, cut. uint8 [n, h, w, 3] to [n, h, w, 1]. */
export function greyOf(rows: Tensor): Tensor {
  return scope(() => {
    const weights = torch.tensor(Int32Array.of(19_595, 38_470, 7471)).to({ device: rows.device });
    return rows
      .to('int32')
      .mul(weights)
      .sum([3], true, { dtype: 'int32' })
      .add(32_768)
      .bitwiseRightShift(16)
      .to('uint8');
  });
}

/** The size that images get. @throws MusterError `pixels.size`, `NO_IMAGES` */
export async function chooseSize(collection: Collection, form: PixelForm, signal: AbortSignal): Promise<PixelSize> {
  const { rasters } = collection;
  const channels = form.channels ?? rasters?.channels ?? 3;
  if (form.size !== null) {
    const [height, width] = typeof form.size === 'number' ? [form.size, form.size] : form.size;
    return { height, width, channels };
  }
  if (rasters !== undefined) return { height: rasters.height, width: rasters.width, channels };
  const [height, width] = await usualSize(collection, signal);
  if (Math.max(height, width) <= largestSide) return { height, width, channels };
  throw new MusterError('pixels.size', `the pictures are large (${width} x ${height}), and no size is given`, {
    where: collection.root,
    kind: 'usage',
    fix: 'give the side in pixels that the network shall see: --size 96',
  });
}

/** The size that most of the first pictures have; among equals the first one's. */
async function usualSize(collection: Collection, signal: AbortSignal): Promise<[height: number, width: number]> {
  const sources = collection.items.slice(0, sampledImages).map((_, index) => collection.source(index));
  const counts = new Map<string, number>();
  for await (const found of loadImages(sources, ({ height, width }) => `${height} ${width}`, { signal }))
    if (found.ok) counts.set(found.value, (counts.get(found.value) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (most === undefined) throw noneReadable(collection, 'none of the first ones can be decoded');
  const [height = 0, width = 0] = most[0].split(' ').map(Number);
  return [height, width];
}

/** A name that another size, way of resizing or image changes. */
export function cacheNameOf({ items, rasters }: Collection, form: PixelForm, size: PixelSize, root: string): string {
  const { height, width, channels } = size;
  const hash = createHash('sha256').update(root);
  if (rasters === undefined || !isSame(rasters, size)) hash.update(`\0${form.resize}\0${form.filter}`);
  for (const { bytes, sizeBytes, mtimeMs } of items) hash.update(bytes).update(`\0${sizeBytes}\0${mtimeMs}\0`);
  return `${width}x${height}x${channels}-${hash.digest('hex').slice(0, 16)}`;
}

/** Whether raw pixels have a size already. */
export function isSame(rasters: Rasters, { height, width, channels }: PixelSize): boolean {
  return rasters.height === height && rasters.width === width && rasters.channels === channels;
}

/** The error for a collection of which nothing can be used. @param why of the first image */
export function noneReadable({ root, items }: Collection, why: string): MusterError {
  return new MusterError('NO_IMAGES', `none of the ${formatCount(items.length, 'image')} could be read (${why})`, {
    where: root,
    fix: 'check that the files are whole',
  });
}
