import { noGrad, scope, tensor, type Tensor } from '@muster/torch';
import { formatCount, MusterError, type Emit, type SkippedFile } from '../base/index.ts';
import type { Collection } from '../data/index.ts';
import { loadBatches, type ImageBatch } from '../image/index.ts';
import type { Backbone } from '../models/index.ts';
import { identityKey, type EmbeddingCache } from '../store/index.ts';
import { geometryOfBackbone, leastSideOf } from './run-backbone.ts';

/** Rows written to the cache at a time: what a crash can cost. */
const flushRows = 2048;

/** Embeddings of a collection's usable images. */
export interface EmbeddedCollection {
  /** (M, D) float32 as the backbone gives them, rounded to float16 as the cache keeps them. The caller's. */
  readonly embeddings: Tensor;
  /** For each row the item of the collection, ascending. */
  readonly items: readonly number[];
  readonly skipped: readonly SkippedFile[];
  /** Images that were used although their decoder complained. */
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
  /** Rows that were in the cache already. */
  readonly reused: number;
  /** Seconds spent on the other rows. */
  readonly seconds: number;
}

/**
 * Embeds the images of a collection, those in the cache excepted. Images are read and decoded ahead of the step; each
 * batch is one scope. What is done is kept in the cache also when the signal or an error ends the work.
 *
 * @param root absolute path of the collection: part of the images' identity
 * @throws MusterError `interrupted` when the signal is aborted, `embed.not-finite` naming the files
 */
export async function embedCollection(
  collection: Collection,
  root: string,
  backbone: Backbone,
  cache: EmbeddingCache,
  emit: Emit,
  signal: AbortSignal,
): Promise<EmbeddedCollection> {
  const work = new Embedding(collection, root, backbone, cache);
  const start = performance.now();
  const total = collection.items.length;
  const progress = (): void => emit({ stage: 'embed', done: work.done, total, unit: 'images' });
  progress();
  try {
    const { batchSize } = backbone;
    const geometry = geometryOfBackbone(backbone);
    const sources = work.missing.map((index) => collection.source(index));
    const options = { batch: batchSize, geometry, atLeast: leastSideOf(backbone), signal };
    for await (const batch of loadBatches(sources, options)) {
      work.add(batch);
      progress();
      if (work.pending >= flushRows) await work.flush();
    }
  } catch (error) {
    await work.flush();
    if (signal.aborted) throw interrupted(work.done, total, cache.folder);
    throw error;
  }
  await work.flush();
  return { ...work.result(), seconds: (performance.now() - start) / 1000 };
}

function interrupted(done: number, total: number, folder: string): MusterError {
  return new MusterError('interrupted', `Stopped after ${done} of ${total} images; what is done is kept in ${folder}`, {
    fix: 'the same command goes on from there',
  });
}

/** @throws MusterError `NO_IMAGES` where none of the images could be read */
export function requireImages(collection: Collection, { items, skipped }: EmbeddedCollection): void {
  if (items.length > 0) return;
  const first = skipped[0];
  throw new MusterError(
    'NO_IMAGES',
    `none of the ${formatCount(skipped.length, 'image')} could be read (${first?.message ?? 'none found'})`,
    {
      where: collection.root,
      fix: 'check that the files are whole',
    },
  );
}

/** The rows of a collection while they are filled. */
class Embedding {
  readonly missing: readonly number[];
  done: number;
  readonly #collection: Collection;
  readonly #backbone: Backbone;
  readonly #cache: EmbeddingCache;
  readonly #keys: readonly string[];
  readonly #rows: Float32Array; // (N, D)
  readonly #skipped = new Map<number, SkippedFile>();
  readonly #warnings: { path: string; message: string }[] = [];
  readonly #reused: number;
  #pending: number[] = [];

  constructor(collection: Collection, root: string, backbone: Backbone, cache: EmbeddingCache) {
    this.#collection = collection;
    this.#backbone = backbone;
    this.#cache = cache;
    this.#keys = collection.items.map((item) =>
      identityKey({ root, path: item.bytes, sizeBytes: item.sizeBytes, mtimeMs: item.mtimeMs }),
    );
    this.#rows = new Float32Array(collection.items.length * backbone.dimension);
    this.missing = [...this.#keys.keys()].filter((index) => !cache.has(this.#keys[index] ?? ''));
    cache.read(this.#keys, this.#rows);
    this.#reused = this.#keys.length - this.missing.length;
    this.done = this.#reused;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** Embeds a batch, and frees its pixels. */
  add(batch: ImageBatch): void {
    const items = batch.indices.map((source) => this.missing[source] ?? 0);
    if (items.length > 0) {
      const values = scope(() =>
        noGrad(() => this.#checked(this.#backbone.embed(batch.images), items).to('float16').toFloat32Array()),
      );
      const dim = this.#backbone.dimension;
      items.forEach((item, row) => this.#rows.set(values.subarray(row * dim, (row + 1) * dim), item * dim));
    }
    batch.images.dispose();
    for (const { index, code, message } of batch.skipped) this.#skip(this.missing[index] ?? 0, code, message);
    for (const { index, message } of batch.warnings)
      this.#warnings.push({ path: this.#path(this.missing[index] ?? 0), message });
    this.#pending.push(...items);
    this.done += items.length + batch.skipped.length;
  }

  /** Writes the rows done since the last time to the cache. */
  async flush(): Promise<void> {
    const items = this.#pending;
    this.#pending = [];
    const dim = this.#backbone.dimension;
    const rows = new Float32Array(items.length * dim);
    items.forEach((item, row) => rows.set(this.#row(item), row * dim));
    await this.#cache.append(
      items.map((item) => this.#keys[item] ?? ''),
      rows,
    );
  }

  result(): Omit<EmbeddedCollection, 'seconds'> {
    const items = [...this.#keys.keys()].filter((item) => !this.#skipped.has(item));
    const dim = this.#backbone.dimension;
    let rows = this.#rows;
    if (this.#skipped.size > 0) {
      rows = new Float32Array(items.length * dim);
      items.forEach((item, row) => rows.set(this.#row(item), row * dim));
    }
    const embeddings = tensor(rows, [items.length, dim]);
    const skipped = [...this.#skipped.entries()].sort(([a], [b]) => a - b).map(([, file]) => file);
    return { embeddings, items, skipped, warnings: this.#warnings, reused: this.#reused };
  }

  #row(item: number): Float32Array {
    return this.#rows.subarray(item * this.#backbone.dimension, (item + 1) * this.#backbone.dimension);
  }

  #path(item: number): string {
    return this.#collection.items[item]?.path ?? '';
  }

  #skip(item: number, code: SkippedFile['code'], message: string): void {
    this.#skipped.set(item, { path: this.#path(item), code, message });
  }

  /** The same tensor, once it holds finite numbers only: others are never kept. */
  #checked(embeddings: Tensor, items: readonly number[]): Tensor {
    const isGood = embeddings.isfinite().all(1).toTypedArray();
    const bad = items.filter((_, row) => Number(isGood[row]) === 0).map((item) => this.#path(item));
    if (bad.length === 0) return embeddings;
    throw new MusterError('embed.not-finite', `The backbone gave no finite numbers for ${bad.slice(0, 5).join(', ')}`, {
      kind: 'internal',
      fix: 'take these files out, and report them to us',
    });
  }
}
