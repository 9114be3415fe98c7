import { MusterError, withLimits } from '../../base/index.ts';
import type { Limits } from '../../base/index.ts';
import {
  IDX_HEADER_BYTES,
  checkLabelCount,
  checkLabels,
  idxLayout,
  isIdx,
  readIdxHeader,
} from '../../formats/index.ts';
import type { IdxHeader } from '../../formats/index.ts';
import { hasImageExtension } from '../../image/index.ts';
import { firstBytes, isGzip, unpackFile } from '../binary-file.ts';
import type { BinaryFile } from '../binary-file.ts';
import type { Place, PlaceEntry } from './place.ts';
import { rasterSet } from './raster-set.ts';
import type { RasterSplit } from './raster-set.ts';
import type { RasterPart } from './rasters.ts';
import { splitName } from './set.ts';
import type { DataSetEntry, SetReader } from './set.ts';

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Handwritten digits (LeCun, Cortes, Burges 1998). */
export const mnist: DataSetEntry = {
  id: 'mnist',
  title: 'MNIST',
  classes: 10,
  splits: [
    { name: 'train', images: 60_000 },
    { name: 'test', images: 10_000 },
  ],
  pixels: '28 x 28, grey',
  papers: [
    { paper: 'MMDC', trains: 'train+test', scores: 'train+test', size: 'crops of 24, 20 and 16, resized to 32' },
  ],
  from: 'https://ossci-datasets.s3.amazonaws.com/mnist/ (four files)',
  layout:
    'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, .gz or not',
  otherNames: [],
  isRecognised: false,
  read: idxReader(digits),
};

/** Pictures of clothes in MNIST's format (Xiao, Rasul, Vollgraf 2017). */
export const fashionMnist: DataSetEntry = {
  ...mnist,
  id: 'fashion-mnist',
  title: 'Fashion-MNIST',
  papers: [],
  from: 'https://github.com/zalandoresearch/fashion-mnist (four files)',
  read: idxReader([
    'T-shirt/top',
    'trouser',
    'pullover',
    'dress',
    'coat',
    'sandal',
    'shirt',
    'sneaker',
    'bag',
    'ankle boot',
  ]),
};

/** A folder with more files than this is not searched for idx files. */
const MOST_FILES = 100;

/**
 * Reads pairs of idx files, recognised by content; which belong together and what split they are is told by their names.
 *
 * @param classes names of the classes; by default the labels' own numbers
 */
export function idxReader(classes: readonly string[] | null = null): SetReader {
  return (place, base, options) => {
    const pairs = findPairs(place, base);
    if (pairs.size === 0) return null;
    const splits = [...pairs].map(([name, { images, labels }]): RasterSplit => {
      const parts = async (): Promise<RasterPart[]> => {
        const opened = labels === undefined ? null : place.open(labels.path);
        return [await idxPart(place.open(images.path), opened, classes?.length ?? null, options.limits)];
      };
      return { name, labelled: labels !== undefined, parts };
    });
    const order = (split: RasterSplit): number => ['train', 'test'].indexOf(split.name) + 1 || 9;
    const numbers = (count: number): string[] => Array.from({ length: count }, (_, label) => String(label));
    return rasterSet(
      place,
      'idx files',
      splits.sort((a, b) => order(a) - order(b)),
      classes ?? numbers,
    );
  };
}

/**
 * Opens a pair of idx files, gzip's or not, and checks that they belong together.
 *
 * @param classes how many there are; null: labels are not held against them
 * @throws MusterError `data.format`, `data.count`, `data.label`, `TRUNCATED`, `TOO_LARGE`
 */
export async function idxPart(
  images: BinaryFile,
  labels: BinaryFile | null,
  classes: number | null,
  limits?: Partial<Limits>,
): Promise<RasterPart> {
  const pictures = await openIdx(images, 'images', limits);
  const { count, offset } = pictures.header;
  const part = { file: pictures.file, layout: idxLayout(pictures.header), offset, count };
  if (labels === null) return { ...part, labels: null };
  const truth = await openIdx(labels, 'labels', limits);
  checkLabelCount(truth.header.count, count, labels.name);
  const values = truth.file.read(truth.header.offset, count);
  if (classes !== null) checkLabels(values, classes, labels.name);
  return { ...part, labels: values };
}

async function openIdx(
  file: BinaryFile,
  kind: IdxHeader['kind'],
  changes?: Partial<Limits>,
): Promise<{ file: BinaryFile; header: IdxHeader }> {
  const packed = isGzip(file);
  const start = firstBytes(file, IDX_HEADER_BYTES);
  const header = readIdxHeader(start, packed ? null : file.sizeBytes, file.name, changes);
  if (header.kind !== kind) {
    throw new MusterError('data.format', `holds ${header.kind}, not ${kind}`, {
      where: file.name,
      fix: 'the files are mixed up',
    });
  }
  if (!packed) return { file, header };
  const { unpackedFileBytes } = withLimits(changes);
  const needed = header.offset + header.count * header.height * header.width;
  if (needed > unpackedFileBytes) {
    throw new MusterError('TOO_LARGE', `unpacks to ${needed} bytes, more than ${unpackedFileBytes}`, {
      where: file.name,
      fix: 'unpack it with gunzip first',
    });
  }
  const unpacked = await unpackFile(file, needed);
  return { file: unpacked, header: readIdxHeader(start, unpacked.sizeBytes, file.name, changes) };
}

interface Pair {
  readonly images: PlaceEntry;
  readonly labels: PlaceEntry | undefined;
}

/** The idx files of a folder by split. */
function findPairs(place: Place, base: string): Map<string, Pair> {
  const files = place.list(base).filter(({ isFolder }) => !isFolder);
  if (files.length > MOST_FILES || files.some(({ name }) => hasImageExtension(name))) return new Map();
  const images = new Map<string, PlaceEntry>();
  const labels = new Map<string, PlaceEntry>();
  for (const entry of files) {
    const kind = idxKind(place, entry);
    if (kind === null) continue;
    const kept = kind === 'images' ? images : labels;
    const split = splitOf(entry.name);
    const other = kept.get(split);
    if (other === undefined || entry.name === other.name.replace(/\.gz$/i, '')) kept.set(split, entry);
    else if (other.name !== entry.name.replace(/\.gz$/i, '')) {
      throw new MusterError('data.format', `${other.name} and ${entry.name} both are ${kind} of ${split}`, {
        where: place.root,
        fix: 'put each data set into a folder of its own',
      });
    }
  }
  return new Map([...images].map(([split, entry]) => [split, { images: entry, labels: labels.get(split) }]));
}

function idxKind(place: Place, { name, path }: PlaceEntry): IdxHeader['kind'] | null {
  let file: BinaryFile | undefined;
  try {
    file = place.open(path);
    const start = firstBytes(file, 8);
    if (!isIdx(start)) return null;
    return start[3] === 3 ? 'images' : 'labels';
  } catch (error) {
    // Anything may lie in a folder; only a file that is called like one of these has to be one.
    if (error instanceof MusterError && !/idx[13]/i.test(name)) return null;
    throw error;
  } finally {
    file?.close();
  }
}

function splitOf(name: string): string {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  if (words.some((word) => word.startsWith('t10k'))) return 'test';
  return words.map(splitName).find((split) => split !== undefined) ?? 'all';
}
