import { MusterError } from '../../base/index.ts';
import { pictureSet, prefixOf } from './picture-set.ts';
import type { Placed } from './picture-set.ts';
import type { Place } from './place.ts';
import type { DataSetEntry, SetReader } from './set.ts';
import { readLines } from './text-file.ts';

const splits = ['train', 'val', 'test'] as const;

const read: SetReader = (place, base) => {
  const start = prefixOf(base);
  const lists = new Set(place.list(`${start}labels`).map(({ name }) => name));
  const here = splits.filter((name) => lists.has(`${name}1.txt`));
  if (here.length === 0 || place.list(`${start}images`).length === 0) return null;
  const listed = new Map<string, Placed>();
  for (const split of here) {
    for (const line of readLines(place, `${start}labels/${split}1.txt`)) {
      const slash = line.indexOf('/');
      if (slash > 0) listed.set(line, { split, key: line.slice(0, slash) });
      else throw wrongLine(place, `labels/${split}1.txt`, line);
    }
  }
  const order = [...new Set([...listed.values()].map(({ key = '' }) => key))].sort();
  return pictureSet(place, {
    format: 'DTD with the lists of split 1',
    splits: here.map((name) => ({ name, labelled: true })),
    folders: () => [`${start}images`],
    sort: (paths) => {
      requireListed(place, listed, paths, `${start}images/`);
      return paths.map((path) => listed.get(path.slice(`${start}images/`.length)));
    },
    order,
    names: order.map((name) => name.replaceAll('_', ' ')),
  });
};

/** Describable textures (Cimpoi et al. 2014), the first of its ten splits. */
export const dtd: DataSetEntry = {
  id: 'dtd',
  title: 'Describable Textures',
  classes: 47,
  splits: [
    { name: 'train', images: 1880 },
    { name: 'val', images: 1880 },
    { name: 'test', images: 1880 },
  ],
  pixels: 'mixed sizes',
  papers: [{ paper: 'TAC', trains: 'train+val', scores: 'test', size: '224' }],
  from: 'https://www.robots.ox.ac.uk/~vgg/data/dtd/ (r1.0.1)',
  layout: 'the unpacked dtd: images/<class>/ and labels/train1.txt, val1.txt, test1.txt',
  otherNames: ['dtd-r1.0.1'],
  isRecognised: true,
  read,
};

function wrongLine(place: Place, list: string, line: string): MusterError {
  return new MusterError('data.format', `${list} holds the line ${line}, which is no class/image`, {
    where: place.root,
    fix: 'bring it anew',
  });
}

function requireListed(
  place: Place,
  listed: ReadonlyMap<string, Placed>,
  paths: readonly string[],
  start: string,
): void {
  const here = new Set(paths.map((path) => path.slice(start.length)));
  const missing = [...listed.keys()].find((path) => !here.has(path));
  if (missing === undefined) return;
  throw new MusterError('data.incomplete', `images/${missing}, which its lists name, is missing`, {
    where: place.root,
    fix: 'unpack it anew',
  });
}
