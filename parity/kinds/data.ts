import { basename } from 'node:path';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import {
  cifar10Part,
  cifar100Part,
  idxPart,
  openBinaryFile,
  partPixels,
  stl10Part,
} from '../../packages/muster/src/data/index.ts';
import type { BinaryFile, RasterPart } from '../../packages/muster/src/data/index.ts';
import { cifar100Superclasses } from '../../packages/muster/src/formats/index.ts';
import { CaseError } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

/** Runs a job with some files of the pack open. */
async function withFiles<T>(
  c: ParityCase,
  paths: readonly string[],
  job: (files: readonly BinaryFile[]) => T | Promise<T>,
): Promise<T> {
  const files = paths.map((path) => openBinaryFile(c.path(path), basename(path)));
  try {
    return await job(files);
  } finally {
    for (const file of files) file.close();
  }
}

/** [n, h, w, c] of a part's pictures. */
function imagesOf(part: RasterPart): Tensor {
  const { height, width, channels } = part.layout;
  return torch.tensor(partPixels(part, 0, part.count), [part.count, height, width, channels]);
}

const numbers = (labels: Uint8Array): Tensor => torch.tensor([...labels], [labels.length], { dtype: 'int64' });

function join(parts: readonly Tensor[]): Tensor {
  return torch.cat([...parts]);
}

const cifar10: Kind = (c) =>
  withFiles(c, c.strings('paths'), (files): Answers => {
    const parts = files.map(cifar10Part);
    const labels = join(parts.map((part) => numbers(part.labels ?? new Uint8Array(0))));
    return { labels, images: join(parts.map(imagesOf)) };
  });

const cifar100: Kind = (c) =>
  withFiles(c, c.strings('paths'), (files): Answers => {
    const parts = files.map(cifar100Part);
    return {
      coarse: join(parts.map(({ coarse }) => numbers(coarse))),
      fine: join(parts.map(({ fine }) => numbers(fine))),
      images: join(parts.map(({ part }) => imagesOf(part))),
    };
  });

const mnist: Kind = (c) =>
  readPair(c, c.string('images'), c.string('labels'), (images, labels) => idxPart(images, labels, 10));

const stl10: Kind = (c) => readPair(c, c.string('images'), c.optionalString('labels'), stl10Part);

async function readPair(
  c: ParityCase,
  images: string,
  labels: string | undefined,
  read: (images: BinaryFile, labels: BinaryFile | null) => RasterPart | Promise<RasterPart>,
): Promise<Answers> {
  return withFiles(c, labels === undefined ? [images] : [images, labels], async (files) => {
    const [first, second = null] = files;
    if (first === undefined) throw new CaseError(`${c.id}: no file of images`);
    const part = await read(first, second);
    const pixels = imagesOf(part);
    return {
      images: part.layout.channels === 1 ? pixels.squeeze(3) : pixels,
      ...(part.labels === null ? {} : { labels: numbers(part.labels) }),
    };
  });
}

const refuse: Kind = async (c) => {
  const paths = c.strings('paths');
  const [images = '', labels] = paths;
  const format = c.string('format');
  if (format === 'cifar10') await withFiles(c, paths, (files) => files.map(cifar10Part));
  else if (format === 'cifar100') await withFiles(c, paths, (files) => files.map(cifar100Part));
  else if (format === 'stl10') await readPair(c, images, labels, stl10Part);
  else if (format === 'mnist') await readPair(c, images, labels, (a, b) => idxPart(a, b, 10));
  else throw new CaseError(`${c.id}: no reader for the format ${format}`);
  return {};
};

/** Files of data sets, good and bad: the kinds `data.*`. */
export const dataKinds: Record<string, Kind> = {
  'data.cifar10': cifar10,
  'data.cifar100': cifar100,
  'data.cifar100_coarse': () => ({ coarse: numbers(cifar100Superclasses()) }),
  'data.mnist': mnist,
  'data.stl10': stl10,
  'data.refuse': refuse,
};
