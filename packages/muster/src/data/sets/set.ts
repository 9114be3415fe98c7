import { MusterError } from '../../base/index.ts';
import type { Collection } from '../collection.ts';
import type { Labels } from '../labels.ts';
import type { Place, PlaceOptions } from './place.ts';

/** What a paper does with a data set. */
export interface PaperUse {
  readonly paper: 'ViT-IC' | 'TSP' | 'PICI' | 'MMDC' | 'TAC';
  /** Splits it trains on, as recipes write them. */
  readonly trains: string;
  /** Splits it scores. */
  readonly scores: string;
  /** Side in pixels that its network is fed with, and how it comes about. */
  readonly size: string;
  /** What is not stated in the paper and assumed. */
  readonly note?: string;
}

/** A split of a published data set. */
export interface SplitSize {
  readonly name: string;
  readonly images: number;
  /** Default true. */
  readonly labelled?: false;
}

/** A data set of the papers: what it is, where it comes from, how it is read. One file for each family. */
export interface DataSetEntry {
  /** Its name in recipes and on the command line. */
  readonly id: string;
  readonly title: string;
  readonly classes: number;
  readonly splits: readonly SplitSize[];
  /** Size of its pictures. */
  readonly pixels: string;
  readonly papers: readonly PaperUse[];
  /** Where to get it. */
  readonly from: string;
  /** What has to lie in its folder. */
  readonly layout: string;
  /** Further names that its folder or archive may go by. */
  readonly otherNames: readonly string[];
  /** Names of folders and archives of larger sets that it is a part of. */
  readonly partOf?: readonly string[];
  /** Whether its own format tells it from others, so that it is recognised whatever the folder is called. */
  readonly isRecognised: boolean;
  /** Reads it in its own format; null where that is not what lies there. */
  readonly read: SetReader | null;
  /** Reads it where it lies there as picture files; by default folders by class, perhaps below train/ and test/. */
  readonly readPictures?: SetReader;
}

/** Looks at what lies in a folder of a place; null where it is not of this reader's format. */
export type SetReader = (place: Place, base: string, options: PlaceOptions) => FoundSet | null;

/** A data set whose format is known; its pictures are not listed yet. */
export interface FoundSet {
  /** The format, in words. */
  readonly format: string;
  /** The splits that are here, in their order. */
  readonly splits: readonly FoundSplit[];
  /** Opens some splits, in the order given. */
  open(splits: readonly string[]): Promise<OpenedSplits>;
}

/** A split that is here. */
export interface FoundSplit {
  readonly name: string;
  readonly labelled: boolean;
}

/** Pictures of splits, and apart from them their classes. */
export interface OpenedSplits {
  readonly collection: Collection;
  readonly labels: Labels | null;
}

const splitNames: Readonly<Record<string, string>> = {
  train: 'train',
  training: 'train',
  test: 'test',
  testing: 'test',
  val: 'val',
  valid: 'val',
  validation: 'val',
  unlabelled: 'unlabelled',
  unlabeled: 'unlabelled',
  extra: 'extra',
};

/** The split that a folder's name or a user means: `validation` is `val`; undefined where it is none. */
export function splitName(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return Object.hasOwn(splitNames, name) ? splitNames[name] : undefined;
}

/**
 * The splits that a text such as `train+test` names. `all`, and no text: every split that has labels, or every one
 * where none has.
 *
 * @param where what to call the data set in errors
 * @throws MusterError `data.split` naming those that are here
 */
export function chooseSplits(found: FoundSet, text: string | undefined, where: string): string[] {
  const here = found.splits.map(({ name }) => name);
  if (text === undefined || text.trim().toLowerCase() === 'all') {
    const labelled = found.splits.filter((split) => split.labelled).map(({ name }) => name);
    return labelled.length > 0 ? labelled : here;
  }
  const wanted = text.split('+').map((part) => splitName(part) ?? part.trim());
  const missing = wanted.find((name) => !here.includes(name));
  const twice = wanted.find((name, at) => wanted.indexOf(name) < at);
  if (missing === undefined && twice === undefined) return wanted;
  const what = missing === undefined ? `names the split ${twice ?? ''} twice` : `there is no split ${missing}`;
  throw new MusterError('data.split', missing === undefined ? `${text} ${what}` : what, {
    where,
    kind: 'usage',
    fix: `here are ${here.join(', ')}; join some as ${here.slice(0, 2).join('+')}, or take all`,
  });
}
