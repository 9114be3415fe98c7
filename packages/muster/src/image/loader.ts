import { availableParallelism } from 'node:os';
import { availableMemory } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError, errorCode, errorMessage, isFileCode, limits as standard } from '../base/index.ts';
import type { FileCode } from '../base/index.ts';
import type { Raster } from '../formats/index.ts';
import { decodeImage } from './decode.ts';
import type { DecodeOptions, DecodedImage } from './decode.ts';
import { Budget, mapOrdered } from './ordered.ts';
import { prepareImage, stackImages } from './prepare.ts';
import type { Geometry } from './geometry.ts';
import type { ImageSource } from './source.ts';

/** How pictures are loaded. */
export interface LoadOptions extends Omit<DecodeOptions, 'reserve'> {
  /** Pictures read and decoded at once. Default: cores + 2, at most 16; libuv's pool (`UV_THREADPOOL_SIZE`) bounds it too. */
  concurrency?: number;
  /** Pictures ready or under way ahead of the consumer. Default: four times `concurrency`. */
  ahead?: number;
  signal?: AbortSignal;
}

/** The fate of one picture. */
export type Loaded<T> =
  | { readonly ok: true; readonly index: number; readonly value: T; readonly warning: string | undefined }
  | { readonly ok: false; readonly index: number; readonly code: FileCode; readonly message: string };

/** Share of the free memory that decoded pixels in flight may take. The engine takes most of the rest. */
const memoryShare = 0.25;

/**
 * Reads and decodes pictures in parallel and yields one result for each source, in order. A picture that cannot be
 * read is a result, never a throw.
 *
 * @param finish makes of the decoded pixels what is kept; called as soon as they are there, so that large pictures go early
 */
export function loadImages<T>(
  sources: readonly ImageSource[],
  finish: (image: DecodedImage, bytes: Uint8Array, index: number) => T | Promise<T>,
  options: LoadOptions = {},
): AsyncGenerator<Loaded<T>, void, undefined> {
  const { concurrency = Math.min(availableParallelism() + 2, 16), ahead = 4 * concurrency, signal } = options;
  const limit = options.limits?.decodeBytesInFlight ?? standard.decodeBytesInFlight;
  const budget = new Budget(Math.min(limit, memoryShare * availableMemory()));
  const settings: DecodeOptions = { ...options, reserve: (bytes) => budget.reserve(bytes) };
  const load = async (source: ImageSource, index: number): Promise<Loaded<T>> => {
    try {
      const bytes = await source.read();
      const image = await decodeImage(bytes, source.name, settings);
      return { ok: true, index, value: await finish(image, bytes, index), warning: image.warning };
    } catch (error) {
      return { ok: false, index, ...fateOf(error) };
    }
  };
  return mapOrdered(sources, load, { concurrency, ahead, signal });
}

/** Pictures of one size, ready for a network. */
export interface ImageBatch {
  /** [n, 3, h, w] uint8, channels-last; the consumer's to dispose. */
  readonly images: Tensor;
  /** Which source each row is. */
  readonly indices: readonly number[];
  /** Sources that were passed over on the way to this batch. */
  readonly skipped: readonly { readonly index: number; readonly code: FileCode; readonly message: string }[];
  /** Sources that were used although their decoder complained. */
  readonly warnings: readonly { readonly index: number; readonly message: string }[];
}

/** How batches are made. */
export interface BatchOptions extends LoadOptions {
  batch: number;
  geometry: Geometry;
}

/**
 * Loads pictures, resizes and crops them (8-bit arithmetic) and yields full batches in order; the last may be smaller,
 * and has no rows where only skipped sources were left.
 */
export async function* loadBatches(
  sources: readonly ImageSource[],
  options: BatchOptions,
): AsyncGenerator<ImageBatch, void, undefined> {
  const { batch, geometry } = options;
  const finish = (image: DecodedImage): Raster => prepareImage(image, geometry);
  const ahead = options.ahead ?? 2 * batch;
  let filling = new BatchBuilder(batch);
  for await (const result of loadImages(sources, finish, { ...options, ahead })) {
    filling.add(result);
    if (filling.isFull) {
      yield filling.build();
      filling = new BatchBuilder(batch);
    }
  }
  if (!filling.isEmpty) yield filling.build();
}

class BatchBuilder {
  private readonly rows: Raster[] = [];
  private readonly indices: number[] = [];
  private readonly skipped: { index: number; code: FileCode; message: string }[] = [];
  private readonly warnings: { index: number; message: string }[] = [];
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  get isFull(): boolean {
    return this.rows.length >= this.size;
  }

  get isEmpty(): boolean {
    return this.rows.length + this.skipped.length === 0;
  }

  add(result: Loaded<Raster>): void {
    if (!result.ok) {
      this.skipped.push({ index: result.index, code: result.code, message: result.message });
      return;
    }
    this.rows.push(result.value);
    this.indices.push(result.index);
    if (result.warning !== undefined) this.warnings.push({ index: result.index, message: result.warning });
  }

  build(): ImageBatch {
    const { indices, skipped, warnings } = this;
    return { images: stackImages(this.rows), indices, skipped, warnings };
  }
}

function fateOf(error: unknown): { code: FileCode; message: string } {
  const message = errorMessage(error);
  if (error instanceof MusterError && isFileCode(error.code)) return { code: error.code, message };
  if (errorCode(error) === 'E_OOM' || (error instanceof RangeError && /allocation/i.test(message)))
    return { code: 'MEMORY', message };
  throw error;
}
