import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { scope, tensor } from '@muster/torch';
import { openSafetensors, writeSafetensors } from '@muster/torch/io';
import { errorMessage, type Emit } from '../base/index.ts';
import { makeFolder, storeError } from './atomic-write.ts';
import { markFolder } from './run-folder.ts';

/** Bytes of an image's key. */
const keyBytes = 16;
const format = 'muster-embeddings-1';

/** What makes an image's embedding outdated when it changes. */
export interface ImageIdentity {
  /** Where it lies: absolute path of folder or archive, and the path in it. */
  readonly root: string;
  readonly path: Uint8Array;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** A short name for an image as it is now: another size or time gives another key. */
export function identityKey({ root, path, sizeBytes, mtimeMs }: ImageIdentity): string {
  const hash = createHash('sha256').update(root).update('\0').update(path).update(`\0${sizeBytes}\0${mtimeMs}`);
  return hash.digest('hex').slice(0, 2 * keyBytes);
}

interface Place {
  readonly file: string;
  readonly row: number;
}

/**
 * Embeddings of one backbone, kept in a store between runs: a folder of safetensors files with `keys` (n, 16) uint8 and
 * `embeddings` (n, D) float16. A file appears whole or not at all; one that cannot be read counts as absent. Several
 * processes may add to the same folder.
 */
export class EmbeddingCache {
  readonly folder: string;
  readonly dim: number;
  readonly #store: string;
  readonly #places: Map<string, Place>;

  private constructor(store: string, folder: string, dim: number, places: Map<string, Place>) {
    this.#store = store;
    this.folder = folder;
    this.dim = dim;
    this.#places = places;
  }

  /**
   * Reads which embeddings are there; makes nothing. Unreadable files are reported and passed over.
   * @param backbone names the folder in `<store>/embeddings`
   */
  static async open(store: string, backbone: string, dim: number, emit: Emit): Promise<EmbeddingCache> {
    const folder = join(store, 'embeddings', backbone);
    const places = new Map<string, Place>();
    for (const name of await shardNames(folder)) {
      const file = join(folder, name);
      try {
        readKeys(file, dim).forEach((key, row) => places.set(key, { file, row }));
      } catch (error) {
        const message = `Kept embeddings in ${file} cannot be used and are computed again: ${errorMessage(error)}`;
        emit({ stage: 'embed', level: 'warning', message });
      }
    }
    return new EmbeddingCache(store, folder, dim, places);
  }

  get size(): number {
    return this.#places.size;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** Copies the embeddings of the keys that are there into the rows of `out`, (keys.length, D), of the same index. */
  read(keys: readonly string[], out: Float32Array): void {
    const byFile = Map.groupBy(keys.entries(), ([, key]) => this.#places.get(key)?.file);
    for (const [file, entries] of byFile) {
      if (file === undefined) continue;
      const values = readEmbeddings(file);
      for (const [index, key] of entries) {
        const start = (this.#places.get(key)?.row ?? 0) * this.dim;
        out.set(values.subarray(start, start + this.dim), index * this.dim);
      }
    }
  }

  /**
   * Adds embeddings in one file named by what is in it.
   * @param rows (keys.length, D); values are kept as float16, so round them first where both must agree
   * @throws MusterError `store.space`, `store.read-only` or `store.write`
   */
  async append(keys: readonly string[], rows: Float32Array): Promise<void> {
    if (keys.length === 0) return;
    const bytes = Buffer.from(keys.join(''), 'hex');
    const file = join(this.folder, `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.safetensors`);
    try {
      await markFolder(this.#store);
      await makeFolder(this.folder);
      scope(() => {
        const embeddings = tensor(rows, [keys.length, this.dim]).to('float16');
        writeSafetensors(
          file,
          { keys: tensor(new Uint8Array(bytes), [keys.length, keyBytes]), embeddings },
          { format },
        );
      });
    } catch (error) {
      throw storeError(error, file);
    }
    keys.forEach((key, row) => this.#places.set(key, { file, row }));
  }
}

async function shardNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw storeError(error, folder);
  });
  return names.filter((name) => name.endsWith('.safetensors') && !name.startsWith('.')).sort();
}

function readKeys(path: string, dim: number): string[] {
  using file = openSafetensors(path);
  const embeddings = file.info('embeddings');
  const keys = file.info('keys');
  const count = keys.shape[0] ?? 0;
  const isOurs = file.metadata.get('format') === format && keys.shape[1] === keyBytes && keys.shape.length === 2;
  if (!isOurs || embeddings.shape.join() !== [count, dim].join()) throw new Error('it holds something else');
  const hex = scope(() => Buffer.from(file.get('keys').toTypedArray() as Uint8Array).toString('hex'));
  return Array.from({ length: count }, (_, row) => hex.slice(2 * keyBytes * row, 2 * keyBytes * (row + 1)));
}

function readEmbeddings(path: string): Float32Array {
  using file = openSafetensors(path);
  return scope(() => file.get('embeddings').toFloat32Array());
}
