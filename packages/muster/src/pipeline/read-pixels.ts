import { resolve } from 'node:path';
import type { Tensor } from '@muster/torch';
import { silent, type Emit, type SkippedFile } from '../base/index.ts';
import { chooseLocations } from '../store/index.ts';
import { openImages } from './open-images.ts';
import { preparePixels } from './pixels.ts';

/** Which images, what size, and where their pixels are kept. */
export interface PixelOptions {
  /** A folder of images, a .tar or .tar.gz, or a data set in its own format. */
  readonly source: string;
  /** Splits of a data set, such as `train+test`. */
  readonly split?: string;
  /** Side of the square images; by default their own, where they share one. */
  readonly size?: number;
  /** Folder of the pixels; by default `muster-<name>` in the working directory. */
  readonly store?: string;
}

/** Decoded images, for an image method's `fit`; disposing closes the file that they are mapped from. */
export interface ReadPixels extends Disposable {
  /** uint8 [N, H, W, C], a row for each file. */
  readonly pixels: Tensor;
  /** Paths below the source. */
  readonly files: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * Decodes images once into a memory-mapped file of the store, as `muster train` does, and gives them out.
 * @throws MusterError what `openCollection` and `openDataSet` throw, `pixels.size`, `NO_IMAGES`
 */
export async function readPixels(
  { source, split, size, store }: PixelOptions,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<ReadPixels> {
  const place = { store: chooseLocations({ source, store, cwd: process.cwd() }).store, root: resolve(source) };
  const collection = await openImages({ source, split, followLinks: false }, signal);
  try {
    const form = { size: size ?? null, channels: null, resize: 'whole', filter: 'bicubic' } as const;
    const { pixels, items, skipped } = await preparePixels(collection, form, place, emit, signal);
    return {
      pixels,
      files: items.map((item) => collection.items[item]?.path ?? ''),
      skipped: [...collection.skipped, ...skipped],
      [Symbol.dispose]: () => pixels.dispose(),
    };
  } finally {
    await collection.close();
  }
}
