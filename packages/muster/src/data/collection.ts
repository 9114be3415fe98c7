import type { SkippedFile } from '../base/index.ts';
import { MusterError } from '../base/index.ts';
import { readableFormats } from '../image/index.ts';
import type { ImageSource } from '../image/index.ts';

/** One picture of a collection, not yet opened. It has no label: labels live apart, out of a trainer's reach. */
export interface CollectionItem {
  /** Path below the root, `/` between folders, escaped: unique, and safe to show and store. */
  readonly path: string;
  /** The same path as it is on the disk or in the archive. */
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** The pictures of a folder or archive in a fixed order, and what was left out. */
export interface Collection {
  readonly kind: 'folder' | 'tar' | 'set';
  /** The last part of the path it was opened by, without `.tar` or `.tar.gz`. */
  readonly name: string;
  /** The path it was opened by, escaped. */
  readonly root: string;
  /** Sorted by the bytes of their paths; those of a data set split by split, raw pixels in the order they are kept. */
  readonly items: readonly CollectionItem[];
  /** Files that look like pictures but cannot be used, found while listing. */
  readonly skipped: readonly SkippedFile[];
  /** What was passed over on purpose. */
  readonly ignored: IgnoredFiles;
  /** Where an item's bytes come from. */
  source(index: number): ImageSource;
  /** Where all pictures are kept as raw pixels of one size, these, without the way through {@link source}. */
  readonly rasters?: Rasters;
  /** Closes what is open; the collection is not used afterwards. */
  close(): Promise<void>;
}

/** Raw pixels of a collection's pictures, all of one size. */
export interface Rasters {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /**
   * Pictures `start` to `start + count - 1`, uint8 [count, height, width, channels]; may share memory with the source.
   * @throws MusterError `CHANGED` where a file became shorter
   */
  read(start: number, count: number): Uint8Array;
}

/** Counts of what a listing passed over. */
export interface IgnoredFiles {
  /** Files that are no pictures by name and content. */
  readonly others: number;
  /** Hidden files and folders. */
  readonly hidden: number;
  /** Folders that this program made, below the root, escaped. */
  readonly outputs: readonly string[];
}

/** All sources of a collection, in the order of its items. */
export function sourcesOf(collection: Collection): ImageSource[] {
  return collection.items.map((_, index) => collection.source(index));
}

/** Order of paths: by their bytes, so that neither locale nor file system matters. */
export function comparePaths(a: { readonly bytes: Uint8Array }, b: { readonly bytes: Uint8Array }): number {
  return Buffer.compare(a.bytes, b.bytes);
}

/**
 * @throws MusterError `NO_IMAGES` (exit code 3) where there is nothing to work on
 */
export function requireItems(
  root: string,
  items: readonly CollectionItem[],
  skipped: readonly SkippedFile[],
  ignored: IgnoredFiles,
): void {
  if (items.length > 0) return;
  const seen = [
    ignored.others > 0 ? `${ignored.others} other files` : '',
    ignored.hidden > 0 ? `${ignored.hidden} hidden entries` : '',
    ignored.outputs.length > 0 ? `${ignored.outputs.length} folders made by muster` : '',
    skipped.length > 0 ? `${skipped.length} that cannot be used, such as ${skipped[0]?.message ?? ''}` : '',
  ].filter((part) => part !== '');
  throw new MusterError('NO_IMAGES', `no images found (seen: ${seen.join(', ') || 'nothing'})`, {
    where: root,
    fix: `looked for ${readableFormats} in it and below`,
  });
}
