import { MusterError } from '../../base/index.ts';
import { classFolder, pictureSet, prefixOf } from './picture-set.ts';
import type { Placed, PictureLayout } from './picture-set.ts';
import type { Place } from './place.ts';
import { splitName } from './set.ts';
import type { FoundSet, SetReader } from './set.ts';

/** How folders are read as classes. */
export interface ClassFolderOptions {
  /** Keys of all classes in their order; by default the folders found, by code point. */
  readonly order?: readonly string[];
  /** What the classes of `order` are called. */
  readonly names?: readonly string[];
  /** The key of a folder's class; undefined where it is none of the set's. By default the folder's name. */
  readonly key?: (folder: string) => string | undefined;
}

/**
 * Reads pictures in a folder for each class, which may lie below folders train, test, val, unlabelled. Without those, all
 * is one split, `all`.
 */
export function readClassFolders(options: ClassFolderOptions = {}): SetReader {
  return (place, base) => findClassFolders(place, base, options);
}

function findClassFolders(place: Place, base: string, options: ClassFolderOptions): FoundSet {
  const folders = place.list(base).filter(({ isFolder }) => isFolder);
  const named = folders.flatMap(({ name, path }) => ({ path, split: splitName(name) }));
  const isSplit = named.length > 0 && named.every(({ split }) => split !== undefined);
  if (!isSplit) {
    const sort = sorter(prefixOf(base), 'all', place, options);
    const splits = [{ name: 'all', labelled: folders.length > 0 }];
    return pictureSet(place, { ...orderOf(options), format: 'folders by class', splits, sort });
  }
  const splits = new Map(named.map(({ split = '', path }) => [split, path]));
  const order = ['train', 'val', 'test', 'extra', 'unlabelled'];
  const found = order.filter((name) => splits.has(name));
  const sorters = found.map((name) => sorter(`${splits.get(name) ?? ''}/`, name, place, options));
  return pictureSet(place, {
    ...orderOf(options),
    format: 'folders by split and class',
    splits: found.map((name) => ({ name, labelled: name !== 'unlabelled' })),
    folders: (wanted) => wanted.map((name) => splits.get(name) ?? ''),
    sort: (paths) => {
      const sorted = sorters.map((sort) => sort(paths));
      return paths.map((_, at) => sorted.map((placed) => placed[at]).find((one) => one !== undefined));
    },
  });
}

function orderOf({ order, names }: ClassFolderOptions): Pick<PictureLayout, 'order' | 'names'> {
  return { ...(order === undefined ? {} : { order }), ...(names === undefined ? {} : { names }) };
}

/** Sorts the pictures below a folder by its class folders. */
function sorter(start: string, split: string, place: Place, { key }: ClassFolderOptions): PictureLayout['sort'] {
  return (paths) =>
    paths.map((path): Placed | undefined => {
      if (!path.startsWith(start)) return undefined;
      const folder = split === 'unlabelled' ? undefined : classFolder(path, start);
      if (folder === undefined || key === undefined) return { split, key: folder };
      const own = key(folder);
      if (own !== undefined) return { split, key: own };
      throw new MusterError('data.label', `the folder ${folder} is none of its classes`, {
        where: place.root,
        fix: 'give each class a folder of its name',
      });
    });
}
