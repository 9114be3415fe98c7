import { MusterError } from '../../base/index.ts';
import { requireItems } from '../collection.ts';
import type { Collection } from '../collection.ts';
import { encodeLabels } from '../labels.ts';
import { exactText } from '../path-text.ts';
import type { Place } from './place.ts';
import type { FoundSet, FoundSplit } from './set.ts';

/** Where a picture of a set belongs. */
export interface Placed {
  readonly split: string;
  /** Key of its class; undefined: it has none. */
  readonly key: string | undefined;
}

/** A set of picture files. */
export interface PictureLayout {
  /** The format, in words. */
  readonly format: string;
  readonly splits: readonly FoundSplit[];
  /** The folders that hold some splits; all where absent. */
  readonly folders?: (splits: readonly string[]) => readonly string[];
  /**
   * Where each picture belongs; undefined: to no split.
   * @param paths below the root of the place
   */
  readonly sort: (paths: readonly string[]) => readonly (Placed | undefined)[];
  /** Keys of all classes in their order; by default those that occur, by code point. */
  readonly order?: readonly string[];
  /** What the classes of `order` are called; by default as their keys. */
  readonly names?: readonly string[];
}

/** A set of picture files. They are listed when splits are opened. */
export function pictureSet(place: Place, layout: PictureLayout): FoundSet {
  const { format, splits } = layout;
  return {
    format,
    splits,
    open: async (wanted) => {
      const all = await place.pictures(layout.folders?.(wanted));
      const placed = layout.sort(all.items.map((item) => exactText(item.bytes) ?? item.path));
      const chosen = wanted.flatMap((split) => indicesOf(placed, split));
      const collection = selectItems(all, chosen, place);
      const keys = chosen.map((index) => placed[index]?.key);
      if (keys.every((key) => key === undefined)) return { collection, labels: null };
      return { collection, labels: encodeLabels(keys, layout.order, layout.names) };
    },
  };
}

function indicesOf(placed: readonly (Placed | undefined)[], split: string): number[] {
  return [...placed.keys()].filter((index) => placed[index]?.split === split);
}

/** Some items of a collection in an order of their own; closing it closes the place. */
function selectItems(all: Collection, chosen: readonly number[], place: Place): Collection {
  const items = chosen.flatMap((index) => all.items[index] ?? []);
  requireItems(all.root, items, all.skipped, all.ignored);
  return {
    kind: all.kind,
    name: all.name,
    root: all.root,
    items,
    skipped: all.skipped,
    ignored: all.ignored,
    source: (at) => {
      const index = chosen[at];
      if (index === undefined)
        throw new MusterError('internal', `no item ${at} of ${items.length}`, { kind: 'internal' });
      return all.source(index);
    },
    close: () => place.close(),
  };
}

/** Folders that only say what is in them: a picture's class is the nearest folder above it of another name. */
const technical = /^(images?|jpegimages|imgs?|jpe?gs?|png|tiff?)$/i;

/**
 * The folder that a picture's class is read from, below a base; undefined where it lies right in the base.
 * @param base with a slash at its end, or empty
 */
export function classFolder(path: string, base: string): string | undefined {
  const folders = path.slice(base.length).split('/').slice(0, -1);
  return folders.findLast((folder) => !technical.test(folder));
}

/** A base followed by a slash, where there is one. */
export function prefixOf(base: string): string {
  return base === '' ? '' : `${base}/`;
}
