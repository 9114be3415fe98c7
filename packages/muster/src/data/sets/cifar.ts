import { MusterError } from '../../base/index.ts';
import {
  cifar10Layout,
  cifar100Layout,
  cifar100Superclasses,
  checkLabels,
  recordCount,
  recordLabels,
} from '../../formats/index.ts';
import type { RecordLayout } from '../../formats/index.ts';
import type { BinaryFile } from '../binary-file.ts';
import { readClassFolders } from './class-folders.ts';
import { fineClasses, superclassNames } from './cifar-100-classes.ts';
import type { Place } from './place.ts';
import { rasterSet } from './raster-set.ts';
import type { RasterSplit } from './raster-set.ts';
import { forRecords } from './rasters.ts';
import type { RasterPart } from './rasters.ts';
import type { DataSetEntry, FoundSet, PaperUse, SetReader } from './set.ts';

const classes10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const published = [
  { name: 'train', images: 50_000 },
  { name: 'test', images: 10_000 },
];

const assumed = 'splits are not stated; assumed, as SCAN has them';
const papers: readonly PaperUse[] = [
  { paper: 'ViT-IC', trains: 'train+test', scores: 'train+test', size: '128' },
  { paper: 'MMDC', trains: 'train+test', scores: 'train+test', size: 'crop of 20, resized to 32' },
  { paper: 'TSP', trains: 'train', scores: 'test', size: '224', note: assumed },
  { paper: 'TAC', trains: 'train', scores: 'test', size: '224' },
];

/** Ten kinds of things in small photographs (Krizhevsky 2009). */
export const cifar10: DataSetEntry = {
  id: 'cifar-10',
  title: 'CIFAR-10',
  classes: 10,
  splits: published,
  pixels: '32 x 32',
  papers,
  from: 'https://www.cs.toronto.edu/~kriz/cifar.html (the binary version)',
  layout: 'data_batch_1.bin to data_batch_5.bin and test_batch.bin, or train/ and test/ with a folder for each class',
  otherNames: ['cifar10', 'cifar-10-batches-bin', 'cifar-10-binary'],
  isRecognised: true,
  read: readCifar10,
};

/** CIFAR-100 with its 20 superclasses as classes, as the papers take it. */
export const cifar100Superclassed: DataSetEntry = {
  id: 'cifar-100-20',
  title: 'CIFAR-100, 20 superclasses',
  classes: 20,
  splits: published,
  pixels: '32 x 32',
  papers,
  from: 'https://www.cs.toronto.edu/~kriz/cifar.html (the binary version)',
  layout: 'train.bin and test.bin, or train/ and test/ with a folder for each class or superclass',
  otherNames: ['cifar-20', 'cifar100', 'cifar-100-binary'],
  partOf: ['cifar-100'],
  isRecognised: true,
  read: cifar100Reader('coarse'),
  readPictures: readClassFolders({ order: superclassNames, key: superclassOf }),
};

/** CIFAR-100 with all its classes. */
export const cifar100: DataSetEntry = {
  ...cifar100Superclassed,
  id: 'cifar-100',
  title: 'CIFAR-100',
  classes: 100,
  papers: [],
  layout: 'train.bin and test.bin, or train/ and test/ with a folder for each class',
  otherNames: ['cifar100', 'cifar-100-binary'],
  isRecognised: false,
  read: cifar100Reader('fine'),
  readPictures: readClassFolders(),
};

const batches = ['data_batch_1.bin', 'data_batch_2.bin', 'data_batch_3.bin', 'data_batch_4.bin', 'data_batch_5.bin'];

function readCifar10(place: Place, base: string): FoundSet | null {
  const find = (name: string): string | undefined => findFile(place, base, name);
  const train = batches.map(find);
  const test = find('test_batch.bin');
  const found = train.filter((path) => path !== undefined);
  const missing = batches.find(
    (_, at) => at < train.length - 1 && train[at] === undefined && train[at + 1] !== undefined,
  );
  if (found.length === 0 && test === undefined) {
    refusePickles(place, base, ['data_batch_1', 'test_batch']);
    return null;
  }
  if (found.length > 0 && missing !== undefined) {
    throw new MusterError('data.incomplete', `${missing} is missing`, {
      where: place.root,
      fix: 'there are later ones; the training images are those of all five',
    });
  }
  const part = (path: string): RasterPart => cifar10Part(place.open(path));
  const splits: RasterSplit[] = [];
  if (found.length > 0) splits.push({ name: 'train', labelled: true, parts: () => found.map(part) });
  if (test !== undefined) splits.push({ name: 'test', labelled: true, parts: () => [part(test)] });
  return rasterSet(place, 'CIFAR-10, binary version', splits, classes10);
}

function cifar100Reader(level: 'coarse' | 'fine'): SetReader {
  return (place, base) => {
    const files = ['train', 'test'].flatMap((name) => {
      const path = findFile(place, base, `${name}.bin`);
      return path === undefined ? [] : [{ name, path }];
    });
    if (files.length === 0) {
      refusePickles(place, base, ['train', 'test']);
      return null;
    }
    const found = files.map(({ name, path }) => {
      const parts = (): RasterPart[] => {
        const { part, coarse, fine } = cifar100Part(place.open(path));
        return [{ ...part, labels: level === 'coarse' ? coarse : fine }];
      };
      return { name, labelled: true, parts };
    });
    const names = level === 'coarse' ? superclassNames : fineClasses;
    return rasterSet(place, 'CIFAR-100, binary version', found, names);
  };
}

/**
 * A file of CIFAR-10's binary version, its labels read and checked.
 * @throws MusterError `EMPTY`, `TRUNCATED`, `data.label`
 */
export function cifar10Part(file: BinaryFile): RasterPart {
  const { count, labels } = readLabelBytes(file, cifar10Layout);
  const [own = new Uint8Array(0)] = labels;
  checkLabels(own, 10, file.name);
  return { file, layout: cifar10Layout, offset: 0, count, labels: own };
}

/** A file of CIFAR-100 and both its labels. */
export interface Cifar100Part {
  /** With the superclasses as labels. */
  readonly part: RasterPart;
  /** uint8 [n], 0..19. */
  readonly coarse: Uint8Array;
  /** uint8 [n], 0..99. */
  readonly fine: Uint8Array;
}

/**
 * A file of CIFAR-100's binary version, its labels read and checked.
 * @throws MusterError `EMPTY`, `TRUNCATED`, `data.label`
 */
export function cifar100Part(file: BinaryFile): Cifar100Part {
  const { count, labels } = readLabelBytes(file, cifar100Layout);
  const [coarse = new Uint8Array(0), fine = new Uint8Array(0)] = labels;
  checkLabels(coarse, 20, file.name);
  checkLabels(fine, 100, file.name);
  return { part: { file, layout: cifar100Layout, offset: 0, count, labels: coarse }, coarse, fine };
}

/** All label bytes of a file: for each byte of a record one array. */
function readLabelBytes(file: BinaryFile, layout: RecordLayout): { count: number; labels: Uint8Array[] } {
  const count = recordCount(file.sizeBytes, layout, file.name);
  const labels = Array.from({ length: layout.labelBytes }, () => new Uint8Array(count));
  forRecords(file, layout, count, (records, start) => {
    for (const [byte, all] of labels.entries()) all.set(recordLabels(records, layout, byte), start);
  });
  return { count, labels };
}

function findFile(place: Place, base: string, name: string): string | undefined {
  return place.list(base).find((entry) => !entry.isFolder && entry.name === name)?.path;
}

/** @throws MusterError `data.format` where the version for Python lies in place of the binary one */
function refusePickles(place: Place, base: string, names: readonly string[]): void {
  const pickle = names.map((name) => findFile(place, base, name)).find((path) => path !== undefined);
  if (pickle === undefined) return;
  const file = place.open(pickle);
  const start = file.read(0, Math.min(2, file.sizeBytes));
  file.close();
  if (start[0] !== 0x80 || (start[1] ?? 0) > 5) return;
  throw new MusterError('data.format', `${pickle} is of the version for Python, which is not read`, {
    where: place.root,
    fix: 'bring the binary version from https://www.cs.toronto.edu/~kriz/cifar.html',
  });
}

function superclassOf(folder: string): string | undefined {
  const name = folder.toLowerCase().replaceAll(/[\s_-]+/g, ' ');
  const fine = fineClasses.indexOf(name);
  if (fine >= 0) return superclassNames[cifar100Superclasses()[fine] ?? -1];
  return superclassNames.find((own) => own.replaceAll(/[\s_-]+/g, ' ') === name);
}
