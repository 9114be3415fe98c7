import { existsSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { scope, type Tensor } from '@muster/torch';
import { openSafetensors } from '@muster/torch/io';
import { makeFolder, storeError, syncFolder, temporaryName } from './atomic-write.ts';

/** Size of every image of a cache. */
export interface PixelSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Decoded images of one size. */
export interface CachedPixels {
  /** uint8 [N, H, W, C], mapped from the file. The caller's. */
  readonly pixels: Tensor;
  /** [N] the collection's item of each image, ascending. */
  readonly items: Int32Array;
  /** What was told of images that could not be used, as the writer gave it: plain JSON. */
  readonly remarks: unknown;
}

const format = 'muster-pixels-1';
/** Room for the length and the header, a multiple of 8. */
const headerBytes = 1024;
const alignment = 8;

/**
 * Opens what a {@link PixelWriter} wrote.
 *
 * @returns null where there is no such file
 * @throws TorchError `E_FORMAT`, or Error, where the file is damaged or another one's
 */
export function readPixelCache(path: string): CachedPixels | null {
  if (!existsSync(path)) return null;
  using file = openSafetensors(path);
  if (file.metadata.get('format') !== format) throw new Error(`${path}: it holds something else`);
  const { items, remarks } = scope(() => ({
    items: file.get('items').toTypedArray() as Int32Array,
    remarks: JSON.parse(Buffer.from(file.bytes('remarks')).toString('utf8')) as unknown,
  }));
  return { pixels: file.get('pixels'), items, remarks };
}

/**
 * Writes images into one safetensors file as they come, however many: `pixels` uint8 [N, H, W, C], `items` int32 [N] and `remarks`. The
 * header, which says how many there were, is filled in at the end. Under its name there is always a whole file.
 */
export class PixelWriter {
  readonly path: string;
  readonly size: PixelSize;
  private readonly temporary: string;
  private readonly file: FileHandle;
  private readonly items: number[] = [];
  private at = headerBytes;

  private constructor(path: string, size: PixelSize, temporary: string, file: FileHandle) {
    this.path = path;
    this.size = size;
    this.temporary = temporary;
    this.file = file;
  }

  /** Begins a file, making its folder. @throws MusterError `store.space`, `store.read-only` or `store.write` */
  static async create(path: string, size: PixelSize): Promise<PixelWriter> {
    const temporary = temporaryName(path);
    await makeFolder(dirname(path));
    try {
      return new PixelWriter(path, size, temporary, await open(temporary, 'wx'));
    } catch (error) {
      throw storeError(error, path);
    }
  }

  /** Images written so far. */
  get count(): number {
    return this.items.length;
  }

  /** Adds images. @param pixels uint8 [items.length, H, W, C], row-major */
  async append(pixels: Uint8Array, items: ArrayLike<number>): Promise<void> {
    const { height, width, channels } = this.size;
    if (pixels.length !== items.length * height * width * channels)
      throw new RangeError(`${pixels.length} bytes are not ${items.length} images`);
    await this.write(pixels);
    for (let place = 0; place < items.length; place++) this.items.push(items[place] ?? -1);
  }

  /** Ends the file and gives it its name. @param remarks plain JSON */
  async finish(remarks: unknown): Promise<void> {
    const pixelBytes = this.at - headerBytes;
    const padding = (alignment - (pixelBytes % alignment)) % alignment;
    await this.write(new Uint8Array(padding));
    const items = Int32Array.from(this.items);
    await this.write(new Uint8Array(items.buffer));
    const text = new TextEncoder().encode(JSON.stringify(remarks));
    await this.write(text);
    try {
      await this.file.write(this.header(pixelBytes, padding, text.length), 0, headerBytes, 0);
      await this.file.sync();
      await this.file.close();
      await rename(this.temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  /** Gives up: nothing is left of it. */
  async abandon(): Promise<void> {
    await this.file.close();
    await unlink(this.temporary).catch(() => undefined); // gone already, or named by whoever cleans the folder up
  }

  private async write(bytes: Uint8Array): Promise<void> {
    try {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, this.at + done);
        done += bytesWritten;
      }
      this.at += bytes.length;
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  /** Length, names, shapes and places; the padding is a tensor of its own, since the format allows no gaps. */
  private header(pixelBytes: number, padding: number, remarkBytes: number): Uint8Array {
    const { height, width, channels } = this.size;
    const count = this.count;
    let begin = 0;
    const entry = (dtype: string, shape: readonly number[], bytes: number): object => {
      begin += bytes;
      return { dtype, shape, data_offsets: [begin - bytes, begin] };
    };
    const text = JSON.stringify({
      __metadata__: { format },
      pixels: entry('U8', [count, height, width, channels], pixelBytes),
      padding: entry('U8', [padding], padding),
      items: entry('I32', [count], 4 * count),
      remarks: entry('U8', [remarkBytes], remarkBytes),
    });
    const bytes = new Uint8Array(headerBytes).fill(0x20);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes - 8), true);
    bytes.set(new TextEncoder().encode(text), 8);
    return bytes;
  }
}
