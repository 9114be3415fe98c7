import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MusterError, suggestName } from '../../base/index.ts';
import { fileError } from '../../image/index.ts';
import { pathText } from '../path-text.ts';
import { cifar10, cifar100, cifar100Superclassed } from './cifar.ts';
import { dtd } from './dtd.ts';
import { aid, chaoyang, d0, rsod, siriWhu, ucMerced } from './image-sets.ts';
import { imagenet10, imagenet1k, imagenetDogs } from './imagenet.ts';
import { fashionMnist, mnist } from './mnist.ts';
import type { DataSetEntry } from './set.ts';
import { stl10 } from './stl10.ts';
import { tinyImagenet } from './tiny-imagenet.ts';
import { ucf101 } from './ucf101.ts';

/** Every data set that has a name. */
export const dataSets: readonly DataSetEntry[] = [
  mnist,
  fashionMnist,
  cifar10,
  cifar100Superclassed,
  cifar100,
  stl10,
  imagenet10,
  imagenetDogs,
  tinyImagenet,
  imagenet1k,
  dtd,
  ucf101,
  rsod,
  ucMerced,
  siriWhu,
  aid,
  d0,
  chaoyang,
];

/** Where data sets are looked for by name. */
export interface DataPlaces {
  /** The working directory; default: the process's. */
  readonly cwd?: string;
  /** The environment; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const names = (): string[] => dataSets.map(({ id }) => id);

const endings = ['', '.tar', '.tar.gz', '.tgz'];

/** The data set of a name; undefined where there is none. */
export function dataSetOf(id: string): DataSetEntry | undefined {
  return dataSets.find((entry) => entry.id === id);
}

/** The data set of a name. @throws MusterError `data.unknown` */
export function requireDataSet(id: string): DataSetEntry {
  const entry = dataSetOf(id);
  if (entry !== undefined) return entry;
  throw new MusterError('data.unknown', `there is no data set ${id}`, { kind: 'usage', fix: suggestName(id, names()) });
}

/** The data set that a folder or archive is called after; undefined where it is none. */
export function dataSetCalled(name: string): DataSetEntry | undefined {
  const plain = name.toLowerCase();
  return dataSetOf(plain) ?? dataSets.find(({ otherNames }) => otherNames.includes(plain));
}

/** The folders that are searched, absolute: `MUSTER_DATA`, then `data` in the working directory. */
export function dataFolders({ cwd = process.cwd(), env = process.env }: DataPlaces = {}): string[] {
  const given = env['MUSTER_DATA'];
  return [...(given === undefined || given === '' ? [] : [resolve(cwd, given)]), join(cwd, 'data')];
}

/** Where a data set lies; null where it is not here. */
export function findDataSet({ id, otherNames, partOf = [] }: DataSetEntry, places: DataPlaces = {}): string | null {
  for (const folder of dataFolders(places)) {
    const here = namesIn(folder);
    const names = [id, ...otherNames, ...partOf].flatMap((name) => endings.map((ending) => `${name}${ending}`));
    const found = names.map((name) => here.get(name)).find((name) => name !== undefined);
    if (found !== undefined) return join(folder, found);
  }
  return null;
}

/** What lies in a folder, by its name in lower case; nothing where there is no such folder. */
function namesIn(folder: string): Map<string, string> {
  try {
    return new Map(readdirSync(folder).map((name) => [name.toLowerCase(), name]));
  } catch (error) {
    const refusal = fileError(error, pathText(Buffer.from(folder)));
    if (refusal.code === 'VANISHED') return new Map();
    throw refusal;
  }
}

/**
 * The path that a user means: one that exists, else that of the data set of this name.
 *
 * @throws MusterError `data.missing` saying where to get it and where to put it; `NO_INPUT`
 */
export function locateData(pathOrName: string, places: DataPlaces = {}): string {
  const { cwd = process.cwd() } = places;
  if (existsSync(resolve(cwd, pathOrName))) return pathOrName;
  const entry = dataSetOf(pathOrName.toLowerCase());
  if (entry !== undefined) {
    const found = findDataSet(entry, places);
    if (found !== null) return found;
    throw new MusterError('data.missing', `${entry.title} is not in ${dataFolders(places).join(' or ')}`, {
      where: entry.id,
      fix: `get it from ${entry.from} and put it into data/${entry.id}: ${entry.layout}; or name another folder with MUSTER_DATA`,
    });
  }
  const isPath = /[/\\.]/.test(pathOrName);
  throw new MusterError('NO_INPUT', 'there is no such folder or file', {
    where: pathText(Buffer.from(pathOrName)),
    fix: isPath ? 'check the path' : `check the path; for a data set ${suggestName(pathOrName, names())}`,
  });
}
