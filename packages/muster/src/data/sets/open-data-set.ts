import { MusterError } from '../../base/index.ts';
import { hasImageExtension } from '../../image/index.ts';
import type { Collection } from '../collection.ts';
import { keepLabels } from '../labels.ts';
import type { Labels } from '../labels.ts';
import { dataSetCalled, dataSets, locateData, requireDataSet } from './catalogue.ts';
import type { DataPlaces } from './catalogue.ts';
import { readClassFolders } from './class-folders.ts';
import { openManifest } from './manifest.ts';
import { idxReader } from './mnist.ts';
import { archivePlace, folderPlace } from './place.ts';
import type { Place, PlaceOptions } from './place.ts';
import { chooseSplits } from './set.ts';
import type { DataSetEntry, FoundSet, SetReader } from './set.ts';
import { inputKind } from './input-kind.ts';

/** How a data set is opened. */
export interface DataSetOptions extends PlaceOptions, DataPlaces {
  /** `train`, `train+test`, `train+unlabelled`, `all`; default: all that have labels. */
  split?: string;
  /** The name of the data set that lies at a path, where the path does not tell: it decides what the classes are. */
  as?: string;
}

/** Pictures of a data set, and apart from them their classes. */
export interface DataSet {
  /** Its name in recipes; of a folder that is no known set, the folder's. */
  readonly id: string;
  readonly title: string;
  /** Splits that are here, in their order. */
  readonly splits: readonly string[];
  /** Those of them that are open, in the order of the items. */
  readonly opened: readonly string[];
  /** Names of the classes in the order of the labels; none where there are no labels. */
  readonly classes: readonly string[];
  /** The pictures. Closing it closes the data set. */
  readonly collection: Collection;
  /** For scoring: a trainer is given the collection's pixels alone. null where no picture has a label. */
  readonly labels: Labels | null;
}

/**
 * Opens a data set in its own format, in place: a folder, an archive or a CSV manifest by its path, or a set of the papers
 * by its name, looked for in `MUSTER_DATA` and in `data`. The format is found by what lies there.
 *
 * @throws MusterError `data.missing`, `NO_INPUT`, `data.split`, `data.format`, `data.incomplete`, `data.label`,
 *   `data.count`, `data.manifest`, `TRUNCATED`, or what opening pictures throws: what is wrong with which file
 */
export async function openDataSet(pathOrName: string, options: DataSetOptions = {}): Promise<DataSet> {
  const path = locateData(pathOrName, options);
  const named = options.as ?? (path === pathOrName ? undefined : pathOrName.toLowerCase());
  const wanted = named === undefined ? undefined : requireDataSet(named);
  const { place, found, entry } = await identify(path, wanted, options);
  try {
    const opened = chooseSplits(found, options.split, place.root);
    const { collection, labels } = await found.open(opened);
    if (labels !== null) keepLabels(collection, labels);
    return {
      id: entry?.id ?? place.name,
      title: entry?.title ?? place.name,
      splits: found.splits.map(({ name }) => name),
      opened,
      classes: labels?.classes ?? [],
      collection,
      labels,
    };
  } catch (error) {
    await place.close();
    throw error;
  }
}

/**
 * Opens what lies in a place as raw pixels of a data set's own files, all that have labels; null where it is something
 * else, such as a tree of pictures.
 */
export async function openRasters(place: Place, options: PlaceOptions): Promise<Collection | null> {
  const base = chainOf(place).findLast((folder) => isBare(place, folder));
  if (base === undefined) return null;
  const called = dataSetCalled(place.name);
  const entries = [...(called === undefined ? [] : [called]), ...dataSets.filter((entry) => entry.isRecognised)];
  const readers = [...entries.flatMap(({ read }) => read ?? []), idxReader()];
  for (const read of readers) {
    const found = read(place, base, options);
    if (found === null) continue;
    const { collection, labels } = await found.open(chooseSplits(found, undefined, place.root));
    if (labels !== null) keepLabels(collection, labels);
    return collection;
  }
  return null;
}

interface Identified {
  readonly place: Place;
  readonly found: FoundSet;
  readonly entry: DataSetEntry | undefined;
}

async function identify(path: string, wanted: DataSetEntry | undefined, options: DataSetOptions): Promise<Identified> {
  const kind = await inputKind(path);
  if (kind === 'manifest') return { ...openManifest(path, options), entry: wanted };
  const place = kind === 'folder' ? folderPlace(path, options) : await archivePlace(path, options);
  try {
    const entry = wanted ?? dataSetCalled(place.name);
    const own = entry === undefined ? null : readEntry(place, entry, options);
    if (own !== null) return { place, found: own, entry };
    for (const known of wanted === undefined ? dataSets.filter(({ isRecognised }) => isRecognised) : []) {
      const found = readFirst(place, known.read, options);
      if (found !== null) return { place, found, entry: known };
    }
    const found = readFirst(place, idxReader(), options) ?? readPictures(place, undefined, options);
    return { place, found, entry };
  } catch (error) {
    await place.close();
    throw error;
  }
}

/** A named set in its own format or as pictures; null where its pictures are none that it knows. */
function readEntry(place: Place, entry: DataSetEntry, options: PlaceOptions): FoundSet | null {
  return readFirst(place, entry.read, options) ?? readPictures(place, entry, options);
}

function readPictures(place: Place, entry: DataSetEntry | undefined, options: PlaceOptions): FoundSet {
  const base = chainOf(place).findLast((folder) => foldersIn(place, folder) > 1) ?? '';
  const found = (entry?.readPictures ?? readClassFolders())(place, base, options);
  if (found !== null) return found;
  throw new MusterError('data.format', `is not ${entry?.title ?? 'a data set'}`, {
    where: place.root,
    fix: entry === undefined ? 'give a folder of images' : `it should hold ${entry.layout}`,
  });
}

/** Tries a reader in the folders that a set may lie in. */
function readFirst(place: Place, read: SetReader | null, options: PlaceOptions): FoundSet | null {
  if (read === null) return null;
  for (const base of chainOf(place)) {
    const found = read(place, base, options);
    if (found !== null) return found;
  }
  return null;
}

/** How deep a set may lie in folders that hold nothing but one another. */
const CHAIN = 4;

/** The root, and the folders below it that lie alone: archives unpack to such, and MNIST's often to one called raw. */
function chainOf(place: Place): string[] {
  const chain = [''];
  for (let folder = ''; chain.length <= CHAIN;) {
    const below = place.list(folder).filter(({ isFolder }) => isFolder);
    const next = below.length === 1 ? below[0] : below.find(({ name }) => name === 'raw');
    if (next === undefined) break;
    chain.push((folder = next.path));
  }
  return chain;
}

const foldersIn = (place: Place, folder: string): number =>
  place.list(folder).filter(({ isFolder }) => isFolder).length;

/** Whether a folder holds files, but neither pictures nor folders. */
function isBare(place: Place, folder: string): boolean {
  const entries = place.list(folder);
  return entries.length > 0 && entries.every(({ name, isFolder }) => !isFolder && !hasImageExtension(name));
}
