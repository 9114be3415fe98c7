import type { Collection } from './collection.ts';
import { keepLabels } from './labels.ts';
import { inputKind } from './sets/input-kind.ts';
import { openManifest } from './sets/manifest.ts';
import { openRasters } from './sets/open-data-set.ts';
import { archivePlace, folderPlace } from './sets/place.ts';
import type { PlaceOptions } from './sets/place.ts';
import { chooseSplits } from './sets/set.ts';

/** Options of all kinds of collection; each takes its own. */
export type OpenOptions = PlaceOptions;

/**
 * Opens what a user names as input: a folder, a .tar or a .tar.gz of pictures or of a data set's own files of raw pixels
 * (those of its splits that have labels), or a CSV manifest. Labels that come with it are found by `ownLabels`.
 *
 * @throws MusterError `NO_INPUT`, `NOT_COLLECTION`, or what `openFolder`, `openTar` and `openDataSet` throw
 */
export async function openCollection(path: string, options: OpenOptions = {}): Promise<Collection> {
  const kind = await inputKind(path);
  if (kind === 'manifest') return openListed(path, options);
  const place = kind === 'folder' ? folderPlace(path, options) : await archivePlace(path, options);
  try {
    return (await openRasters(place, options)) ?? (await place.pictures());
  } catch (error) {
    await place.close();
    throw error;
  }
}

async function openListed(path: string, options: OpenOptions): Promise<Collection> {
  const { place, found } = openManifest(path, options);
  const { collection, labels } = await found.open(chooseSplits(found, undefined, place.root));
  if (labels !== null) keepLabels(collection, labels);
  return collection;
}
