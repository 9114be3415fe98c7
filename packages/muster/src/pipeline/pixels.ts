import { join } from 'node:path';
import { noGrad, scope, type Tensor } from '@muster/torch';
import { errorMessage, MusterError, type Emit, type SkippedFile } from '../base/index.ts';
import type { Collection, Rasters } from '../data/index.ts';
import { loadBatches, type ImageBatch } from '../image/index.ts';
import { markFolder, PixelWriter, readPixelCache, type CachedPixels, type PixelSize } from '../store/index.ts';
import { cacheNameOf, chooseSize, geometryOf, greyOf, isSame, noneReadable, type PixelForm } from './pixel-form.ts';

/** Pixels of a collection's usable images. */
export interface PixelCollection {
  /** uint8 [M, H, W, C], memory-mapped. The caller's. */
  readonly pixels: Tensor;
  /** [M] the collection's item of each image, ascending. */
  readonly items: readonly number[];
  readonly skipped: readonly SkippedFile[];
  /** Images that were used although their decoder complained. */
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
  /** Whether an earlier run had made the file. */
  readonly isReused: boolean;
  /** Seconds spent on decoding. */
  readonly seconds: number;
}

/** Where pixels are kept, and what the images are told apart by. */
export interface PixelPlace {
  readonly store: string;
  /** Absolute path of the collection: part of the images' identity. */
  readonly root: string;
}

/** Raw pixels copied, or images decoded, in one go: about so many bytes. */
const blockBytes = 1 << 22;
const batchImages = 256;
interface Remarks {
  readonly skipped: readonly SkippedFile[];
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
}

/**
 * The pixels of a collection from the store, decoded once for each size. Pictures that cannot be read are left out and told. Never more
 * than a block of images is in memory.
 *
 * @throws MusterError `pixels.size` where the pictures differ much and no size is asked for, `NO_IMAGES` where none can be read,
 *   `store.*`; the signal's reason
 */
export async function preparePixels(
  collection: Collection,
  form: PixelForm,
  place: PixelPlace,
  emit: Emit,
  signal: AbortSignal,
): Promise<PixelCollection> {
  const start = performance.now();
  const size = await chooseSize(collection, form, signal);
  const path = join(place.store, 'pixels', `${cacheNameOf(collection, form, size, place.root)}.safetensors`);
  const kept = readKept(path, emit);
  const cached = kept ?? (await fill(path, collection, form, size, place, emit, signal));
  if (cached.pixels.shape[0] === 0) {
    cached.pixels.dispose();
    throw noneReadable(collection, (cached.remarks as Remarks).skipped[0]?.message ?? 'nothing was decoded');
  }
  const { skipped, warnings } = cached.remarks as Remarks; // written by `fill` below
  return {
    pixels: cached.pixels,
    items: Array.from(cached.items),
    skipped,
    warnings,
    isReused: kept !== null,
    seconds: (performance.now() - start) / 1000,
  };
}

function readKept(path: string, emit: Emit): CachedPixels | null {
  try {
    return readPixelCache(path);
  } catch (error) {
    const message = `Kept pixels in ${path} cannot be used and are decoded again: ${errorMessage(error)}`;
    emit({ stage: 'decode', level: 'warning', message });
    return null;
  }
}

async function fill(
  path: string,
  collection: Collection,
  form: PixelForm,
  size: PixelSize,
  { store }: PixelPlace,
  emit: Emit,
  signal: AbortSignal,
): Promise<CachedPixels> {
  await markFolder(store);
  const writer = await PixelWriter.create(path, size);
  try {
    const { rasters } = collection;
    const remarks =
      rasters !== undefined && isSame(rasters, size)
        ? await copyRasters(rasters, collection, writer, emit, signal)
        : await decodeAll(collection, form, writer, emit, signal);
    await writer.finish(remarks);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const written = readPixelCache(path);
  if (written !== null) return written;
  throw new MusterError('pixels.lost', 'the file is gone right after it was written', {
    where: path,
    kind: 'resources',
  });
}

async function copyRasters(
  rasters: Rasters,
  { items }: Collection,
  writer: PixelWriter,
  emit: Emit,
  signal: AbortSignal,
): Promise<Remarks> {
  const step = Math.max(1, Math.floor(blockBytes / (rasters.width * rasters.height * rasters.channels)));
  for (let start = 0; start < items.length; start += step) {
    signal.throwIfAborted();
    const count = Math.min(step, items.length - start);
    await writer.append(
      rasters.read(start, count),
      Int32Array.from({ length: count }, (_, at) => start + at),
    );
    emit({ stage: 'decode', done: start + count, total: items.length, unit: 'images' });
  }
  return { skipped: [], warnings: [] };
}

async function decodeAll(
  collection: Collection,
  form: PixelForm,
  writer: PixelWriter,
  emit: Emit,
  signal: AbortSignal,
): Promise<Remarks> {
  const { height, width, channels } = writer.size;
  const total = collection.items.length;
  const sources = collection.items.map((_, index) => collection.source(index));
  const skipped: SkippedFile[] = [];
  const warnings: { path: string; message: string }[] = [];
  const pathOf = (index: number): string => collection.items[index]?.path ?? '';
  const atLeast = 2 * Math.max(height, width);
  const options = { batch: batchImages, geometry: geometryOf(form, writer.size), atLeast, signal };
  let done = 0;
  for await (const batch of loadBatches(sources, options)) {
    await writer.append(bytesOf(batch, channels), batch.indices);
    for (const { index, code, message } of batch.skipped) skipped.push({ path: pathOf(index), code, message });
    for (const { index, message } of batch.warnings) warnings.push({ path: pathOf(index), message });
    done += batch.indices.length + batch.skipped.length;
    emit({ stage: 'decode', done, total, unit: 'images' });
  }
  return { skipped, warnings };
}

/** Frees the batch. */
function bytesOf({ images }: ImageBatch, channels: 1 | 3): Uint8Array {
  try {
    return scope(() =>
      noGrad(() => {
        const rows = images.permute([0, 2, 3, 1]); // (n, h, w, 3)
        return (channels === 3 ? rows.contiguous() : greyOf(rows)).toTypedArray() as Uint8Array;
      }),
    );
  } finally {
    images.dispose();
  }
}
