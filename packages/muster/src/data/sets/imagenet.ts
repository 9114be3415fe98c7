import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MusterError } from '../../base/index.ts';
import { pictureSet, prefixOf } from './picture-set.ts';
import type { Placed } from './picture-set.ts';
import type { Place } from './place.ts';
import { splitName } from './set.ts';
import type { DataSetEntry, FoundSet, SetReader } from './set.ts';

/** Classes by their wnid, the WordNet 3.0 synset that they are. */
type Wnids = Readonly<Record<string, string>>;

/** @source the subset's list in the codes of MMDC and CC */
const ten: Wnids = {
  n02056570: 'king penguin',
  n02085936: 'Maltese dog',
  n02128757: 'snow leopard',
  n02690373: 'airliner',
  n02692877: 'airship',
  n03095699: 'container ship',
  n04254680: 'soccer ball',
  n04285008: 'sports car',
  n04467665: 'trailer truck',
  n07747607: 'orange',
};

/** @source the subset's list in the code of CC */
const dogs: Wnids = {
  n02085936: 'Maltese dog',
  n02086646: 'Blenheim spaniel',
  n02088238: 'basset',
  n02091467: 'Norwegian elkhound',
  n02097130: 'giant schnauzer',
  n02099601: 'golden retriever',
  n02101388: 'Brittany spaniel',
  n02101556: 'clumber spaniel',
  n02102177: 'Welsh springer spaniel',
  n02105056: 'groenendael',
  n02105412: 'kelpie',
  n02105855: 'Shetland sheepdog',
  n02107142: 'Doberman',
  n02110958: 'pug',
  n02112137: 'chow',
};

const common = {
  pixels: 'mixed sizes',
  from: 'https://image-net.org/download.php (ILSVRC2012; needs an account)',
  layout: 'train/ and val/ with a folder for each wnid, such as train/n02056570/',
  isRecognised: false,
} as const;

const wholeNames = ['imagenet', 'ilsvrc2012', 'ilsvrc'];

/** ImageNet of the challenge of 2012 (Russakovsky et al. 2015). */
export const imagenet1k: DataSetEntry = {
  ...common,
  id: 'imagenet-1k',
  title: 'ImageNet-1k',
  classes: 1000,
  splits: [
    { name: 'train', images: 1_281_167 },
    { name: 'val', images: 50_000 },
  ],
  papers: [{ paper: 'TAC', trains: 'train', scores: 'val', size: '224' }],
  otherNames: wholeNames,
  read: wnidReader(allWnids),
};

/** Ten classes of ImageNet (Chang et al. 2017). */
export const imagenet10: DataSetEntry = {
  ...common,
  id: 'imagenet-10',
  title: 'ImageNet-10',
  classes: 10,
  splits: [
    { name: 'train', images: 13_000 },
    { name: 'val', images: 500 },
  ],
  papers: [
    { paper: 'MMDC', trains: 'train', scores: 'train', size: 'stored at 96, crop of 64' },
    { paper: 'TAC', trains: 'train', scores: 'val', size: '224' },
  ],
  otherNames: ['imagenet10'],
  partOf: ['imagenet-1k', ...wholeNames],
  read: wnidReader(() => ten),
};

/** Fifteen breeds of dogs of ImageNet (Chang et al. 2017). */
export const imagenetDogs: DataSetEntry = {
  ...common,
  id: 'imagenet-dogs',
  title: 'ImageNet-Dogs',
  classes: 15,
  splits: [
    { name: 'train', images: 19_500 },
    { name: 'val', images: 750 },
  ],
  papers: [{ paper: 'TAC', trains: 'train', scores: 'val', size: '224' }],
  otherNames: ['imagenet-dog', 'imagenetdogs'],
  partOf: ['imagenet-1k', ...wholeNames],
  read: wnidReader(() => dogs),
};

/** Reads the classes of a list, in the whole of ImageNet or alone: folders by wnid, below train/ and val/ or not. */
function wnidReader(list: () => Wnids): SetReader {
  return (place, base) => {
    for (const start of [base, `${prefixOf(base)}Data/CLS-LOC`]) {
      const found = findWnids(place, start, list());
      if (found !== null) return found;
    }
    return null;
  };
}

function findWnids(place: Place, base: string, wnids: Wnids): FoundSet | null {
  const keys = Object.keys(wnids).sort();
  const below = place.list(base).filter(({ isFolder }) => isFolder);
  const splits = new Map<string, string>();
  for (const { name, path } of below) {
    const split = splitName(name);
    if (split !== undefined && holdsWnids(place, path)) splits.set(split, path);
  }
  if (splits.size === 0) {
    if (!holdsWnids(place, base)) return null;
    splits.set('train', base);
  }
  for (const [split, folder] of splits) requireClasses(place, split, folder, keys);
  return pictureSet(place, {
    format: 'folders by wnid',
    splits: ['train', 'val', 'test'].filter((name) => splits.has(name)).map((name) => ({ name, labelled: true })),
    folders: (wanted) => wanted.flatMap((split) => keys.map((wnid) => `${prefixOf(splits.get(split) ?? '')}${wnid}`)),
    sort: (paths) => paths.map((path) => placeByWnid(path, splits, wnids)),
    order: keys,
    names: keys.map((wnid) => wnids[wnid] ?? wnid),
  });
}

const wnid = /^n\d{8}$/;

function holdsWnids(place: Place, folder: string): boolean {
  return place.list(folder).some(({ name, isFolder }) => isFolder && wnid.test(name));
}

function requireClasses(place: Place, split: string, folder: string, keys: readonly string[]): void {
  const here = new Set(place.list(folder).map(({ name }) => name));
  const missing = keys.filter((key) => !here.has(key));
  if (missing.length === 0) return;
  const some = missing.slice(0, 5).join(', ');
  throw new MusterError(
    'data.incomplete',
    `${missing.length} of ${keys.length} classes have no folder in ${split} (${some}${missing.length > 5 ? ', ...' : ''})`,
    { where: place.root, fix: 'unpack the archive of each class into a folder of its wnid' },
  );
}

function placeByWnid(path: string, splits: ReadonlyMap<string, string>, wnids: Wnids): Placed | undefined {
  for (const [split, folder] of splits) {
    const start = prefixOf(folder);
    const key = path.startsWith(start) ? (path.slice(start.length).split('/')[0] ?? '') : '';
    if (Object.hasOwn(wnids, key)) return { split, key };
  }
  return undefined;
}

/** The 1,000 classes, from the package's own list of them. */
function allWnids(): Wnids {
  const path = fileURLToPath(new URL('../../../assets/imagenet-classes.tsv', import.meta.url));
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [, key = '', , lemmas = ''] = line.split('\t');
      return [key, lemmas.split('|')[0] ?? key];
    }),
  );
}
