import { resolve } from 'node:path';
import type { Tensor } from '@muster/torch';
import { silent, type Emit, type SkippedFile } from '../base/index.ts';
import { openCollection } from '../data/index.ts';
import type { TextData } from '../methods/index.ts';
import { openBackbone } from '../models/index.ts';
import { chooseLocations, EmbeddingCache } from '../store/index.ts';
import { cacheName } from './cache-name.ts';
import { embedCollection, requireImages } from './embed.ts';
import { BackboneText } from './text-data.ts';

/** Which images, and where their embeddings are kept. */
export interface EmbedOptions {
  /** A folder of images, a .tar or a .tar.gz. */
  readonly source: string;
  /** Follow links in the folder that stay inside it. Default false. */
  readonly followLinks?: boolean;
  /** Folder of embeddings; by default `muster-<name>` in the working directory. */
  readonly store?: string;
  /** Names of classes that methods with words may be given; the backbone has to know them all. */
  readonly classes?: readonly string[];
}

/** Embeddings of a collection, for a method's `fit`; disposing frees them and the words. */
export interface EmbeddedImages extends Disposable {
  /** (N, D) float32, a row for each file. */
  readonly embeddings: Tensor;
  /** Paths below the source. */
  readonly files: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** The backbone's kinds of things, for methods with words; undefined where it has none. */
  readonly text: TextData | undefined;
}

/**
 * Embeds a collection as `clusterFolder` does, and gives the rows themselves.
 * @throws MusterError what `openCollection` throws, `NO_IMAGES` where none could be read, `method.text` for unknown classes, `interrupted`
 */
export async function embedImages(
  { source, followLinks = false, store, classes }: EmbedOptions,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<EmbeddedImages> {
  await using open = new AsyncDisposableStack();
  const collection = open.adopt(await openCollection(source, { followLinks, signal }), (left) => left.close());
  const backbone = open.adopt(openBackbone(), (left) => left.dispose());
  const locations = chooseLocations({ source, store, cwd: process.cwd() });
  const cache = await EmbeddingCache.open(locations.store, cacheName(backbone.describe()), backbone.dimension, emit);
  const embedded = await embedCollection(collection, resolve(source), backbone, cache, emit, signal);
  requireImages(collection, embedded);
  const { embeddings, items } = embedded;
  const text = backbone.classifier === null ? undefined : BackboneText.open(backbone, classes);
  return {
    embeddings,
    files: items.map((item) => collection.items[item]?.path ?? ''),
    skipped: [...collection.skipped, ...embedded.skipped],
    text: text?.data,
    [Symbol.dispose]: () => {
      embeddings.dispose();
      text?.[Symbol.dispose]();
    },
  };
}
