import { checkLabelCount, readStl10Labels, recordCount, stl10Layout } from '../../formats/index.ts';
import type { BinaryFile } from '../binary-file.ts';
import { rasterSet } from './raster-set.ts';
import type { RasterPart } from './rasters.ts';
import type { DataSetEntry, SetReader } from './set.ts';

const classes = ['airplane', 'bird', 'car', 'cat', 'deer', 'dog', 'horse', 'monkey', 'ship', 'truck'];

/** The files of each split, by the names they are published under. */
const files = [
  { name: 'train', images: 'train_X.bin', labels: 'train_y.bin' },
  { name: 'test', images: 'test_X.bin', labels: 'test_y.bin' },
  { name: 'unlabelled', images: 'unlabeled_X.bin', labels: null },
];

const read: SetReader = (place, base) => {
  const here = new Map(place.list(base).map((entry) => [entry.isFolder ? '' : entry.name, entry.path]));
  const found = files.flatMap(({ name, images, labels }) => {
    const pixels = here.get(images);
    if (pixels === undefined) return [];
    const truth = labels === null ? undefined : here.get(labels);
    const parts = (): RasterPart[] => [stl10Part(place.open(pixels), truth === undefined ? null : place.open(truth))];
    return [{ name, labelled: truth !== undefined, parts }];
  });
  return found.length === 0 ? null : rasterSet(place, 'STL-10, binary files', found, classes);
};

/** Photographs of ten kinds of things, most of them without a label (Coates, Lee, Ng 2011). */
export const stl10: DataSetEntry = {
  id: 'stl-10',
  title: 'STL-10',
  classes: 10,
  splits: [
    { name: 'train', images: 5000 },
    { name: 'test', images: 8000 },
    { name: 'unlabelled', images: 100_000, labelled: false },
  ],
  pixels: '96 x 96',
  papers: [
    {
      paper: 'ViT-IC',
      trains: 'train+test+unlabelled',
      scores: 'train+test',
      size: '128',
      note: 'all in one loader, with the full loss',
    },
    { paper: 'MMDC', trains: 'train+test', scores: 'train+test', size: 'crop of 64' },
    { paper: 'TSP', trains: 'train', scores: 'test', size: '224', note: 'splits are not stated; assumed' },
    { paper: 'TAC', trains: 'train', scores: 'test', size: '224' },
  ],
  from: 'https://cs.stanford.edu/~acoates/stl10/ (binary files)',
  layout: 'train_X.bin, train_y.bin, test_X.bin, test_y.bin and, where they are wanted, unlabeled_X.bin',
  otherNames: ['stl10', 'stl10_binary'],
  isRecognised: true,
  read,
};

/**
 * A file of STL-10's images, with its labels where there are any.
 * @throws MusterError `EMPTY`, `TRUNCATED`, `data.count`, `data.label`
 */
export function stl10Part(images: BinaryFile, labels: BinaryFile | null): RasterPart {
  const count = recordCount(images.sizeBytes, stl10Layout, images.name);
  const part = { file: images, layout: stl10Layout, offset: 0, count };
  if (labels === null) return { ...part, labels: null };
  checkLabelCount(labels.sizeBytes, count, labels.name);
  return { ...part, labels: readStl10Labels(labels.read(0, labels.sizeBytes), count, labels.name) };
}
