import { MusterError } from '../../base/index.ts';
import { pictureSet, prefixOf } from './picture-set.ts';
import type { Placed } from './picture-set.ts';
import type { Place } from './place.ts';
import type { DataSetEntry, SetReader } from './set.ts';
import { readLines } from './text-file.ts';

const read: SetReader = (place, base) => {
  const start = prefixOf(base);
  const here = new Set(place.list(base).map(({ name }) => name));
  if (!here.has('wnids.txt') || !here.has('train')) return null;
  const wnids = readLines(place, `${start}wnids.txt`).sort();
  const names = here.has('words.txt') ? namesOf(place, `${start}words.txt`, wnids) : wnids;
  const splits = ['train', 'val', 'test'].filter((name) => here.has(name));
  return pictureSet(place, {
    format: 'Tiny-ImageNet',
    splits: splits.map((name) => ({ name, labelled: name !== 'test' })),
    folders: (wanted) => wanted.map((name) => `${start}${name}`),
    sort: (paths) => sortPaths(place, start, paths, new Set(wnids)),
    order: wnids,
    names,
  });
};

/** Two hundred classes of ImageNet, small (Le and Yang 2015). */
export const tinyImagenet: DataSetEntry = {
  id: 'tiny-imagenet',
  title: 'Tiny-ImageNet',
  classes: 200,
  splits: [
    { name: 'train', images: 100_000 },
    { name: 'val', images: 10_000 },
    { name: 'test', images: 10_000, labelled: false },
  ],
  pixels: '64 x 64',
  papers: [{ paper: 'MMDC', trains: 'train', scores: 'train', size: 'crop of 40, resized to 64' }],
  from: 'http://cs231n.stanford.edu/tiny-imagenet-200.zip',
  layout: 'the unpacked tiny-imagenet-200: wnids.txt, train/<wnid>/images/, val/images/, val/val_annotations.txt',
  otherNames: ['tiny-imagenet-200', 'tinyimagenet'],
  isRecognised: true,
  read,
};

function sortPaths(
  place: Place,
  start: string,
  paths: readonly string[],
  wnids: ReadonlySet<string>,
): (Placed | undefined)[] {
  // The annotations are read only where a picture needs them.
  let annotations: ReadonlyMap<string, string> | undefined;
  return paths.map((path) => {
    const [split, second = '', ...rest] = path.startsWith(start) ? path.slice(start.length).split('/') : [];
    if (split === 'test') return { split, key: undefined };
    if (split === 'train') return { split, key: known(place, second, wnids, path) };
    if (split !== 'val') return undefined;
    if (wnids.has(second)) return { split, key: second };
    annotations ??= new Map(
      readLines(place, `${start}val/val_annotations.txt`).map((line) => {
        const [file = '', key = ''] = line.split(/\s+/);
        return [file, key];
      }),
    );
    return { split, key: known(place, annotations.get(rest.at(-1) ?? second) ?? '', wnids, path) };
  });
}

function known(place: Place, key: string, wnids: ReadonlySet<string>, path: string): string {
  if (wnids.has(key)) return key;
  throw new MusterError(
    'data.label',
    `${path} has the class ${key === '' ? 'none' : key}, which wnids.txt does not list`,
    {
      where: place.root,
      fix: 'bring the data set anew',
    },
  );
}

/** The first word of each wnid. */
function namesOf(place: Place, path: string, wnids: readonly string[]): string[] {
  const words = new Map(
    readLines(place, path).map((line) => {
      const [key = '', text = ''] = line.split('\t');
      return [key, text.split(',')[0]?.trim() ?? key];
    }),
  );
  return wnids.map((key) => words.get(key) ?? key);
}
