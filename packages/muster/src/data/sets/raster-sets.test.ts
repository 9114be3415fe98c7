import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bigEndian, cifarRecord, idxImages, idxLabels, writeFiles } from '../../../test/data-files.ts';
import { endOfTar, tarMember } from '../../../test/tar-member.ts';
import { decodeImage, thumbnail } from '../../image/index.ts';
import { givenLabels, ownLabels } from '../labels.ts';
import { openCollection } from '../open.ts';
import { openDataSet } from './open-data-set.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sets-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
  .png()
  .toBuffer();

/** MNIST with three training and two test images. */
const tiny = {
  'train-images-idx3-ubyte.gz': gzipSync(idxImages(3)),
  'train-labels-idx1-ubyte.gz': gzipSync(idxLabels([5, 0, 4])),
  't10k-images-idx3-ubyte': idxImages(2),
  't10k-labels-idx1-ubyte': idxLabels([7, 2]),
};

describe('idx files', () => {
  test('splits, labels apart from the collection, raw pixels across files', async () => {
    writeFiles(join(root, 'mnist'), tiny);
    const set = await openDataSet(join(root, 'mnist'));
    expect(set).toMatchObject({ id: 'mnist', title: 'MNIST', splits: ['train', 'test'], opened: ['train', 'test'] });
    expect(set.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect([...(set.labels?.values ?? [])]).toEqual([5, 0, 4, 7, 2]);
    expect(set.collection.items.map(({ path }) => path)).toEqual(['train/0', 'train/1', 'train/2', 'test/0', 'test/1']);
    expect(JSON.stringify(set.collection)).not.toMatch(/label|class/);
    const { rasters } = set.collection;
    expect(rasters).toMatchObject({ width: 3, height: 4, channels: 1 });
    const pixel = (n: number): number[] => Array.from({ length: 12 }, (_, at) => n + at);
    expect([...(rasters?.read(1, 3) ?? [])]).toEqual([...pixel(1), ...pixel(2), ...pixel(0)]);
    expect(rasters?.read(0, 5).constructor).toBe(Uint8Array);
    expect(() => rasters?.read(4, 2)).toThrow('no images 4 to 5 of 5');
    await set.collection.close();
  });

  test('an image is decoded and shown like any other', async () => {
    writeFiles(root, tiny);
    const collection = await openCollection(root);
    const source = collection.source(4);
    expect(source.name).toBe('test/1');
    const bytes = await source.read();
    const decoded = await decodeImage(bytes, source.name);
    expect(decoded).toMatchObject({ width: 3, height: 4, warning: undefined });
    expect([...decoded.rgb]).toEqual(Array.from({ length: 12 }, (_, at) => 1 + at).flatMap((v) => [v, v, v]));
    expect(await thumbnail(bytes, source.name, { side: 2 })).toMatchObject({ width: 2, height: 2 });
    await collection.close();
  });

  test('one split, others joined, an image keeps its name', async () => {
    writeFiles(root, tiny);
    const testing = await openDataSet(root, { split: 'test' });
    expect(testing.collection.items.map(({ path }) => path)).toEqual(['test/0', 'test/1']);
    const turned = await openDataSet(root, { split: 'test+train', as: 'fashion-mnist' });
    expect(turned.opened).toEqual(['test', 'train']);
    expect([...(turned.labels?.values ?? [])]).toEqual([7, 2, 5, 0, 4]);
    expect(turned.classes[9]).toBe('ankle boot');
    await expect(openDataSet(root, { split: 'train+val' })).rejects.toThrow(
      /there is no split val; here are train, test/,
    );
    await expect(openDataSet(root, { split: 'test+test' })).rejects.toThrow(/names the split test twice/);
  });

  test('whatever they are called, in the folder that archives make, in an archive', async () => {
    writeFiles(join(root, 'a/MNIST/raw'), { pictures: tiny['train-images-idx3-ubyte.gz'] });
    const unnamed = await openDataSet(join(root, 'a'));
    expect(unnamed).toMatchObject({ id: 'a', splits: ['all'], labels: null, classes: [] });
    const members = Object.entries(tiny).map(([name, bytes]) => tarMember(`MNIST/${name}`, bytes));
    writeFiles(root, { 'mnist.tar.gz': gzipSync(Buffer.concat([...members, endOfTar])) });
    const packed = await openCollection(join(root, 'mnist.tar.gz'));
    expect(packed).toMatchObject({ kind: 'set', name: 'mnist' });
    expect([...givenLabels(packed).values]).toEqual([5, 0, 4, 7, 2]);
    expect((await packed.source(0).read()).length).toBe('P5 3 4 255\n'.length + 12);
    await packed.close();
  });

  test('beside pictures or folders they are passed over', async () => {
    writeFiles(root, { ...tiny, 'a.png': png });
    expect(await openCollection(root)).toMatchObject({ kind: 'folder', items: [{ path: 'a.png' }] });
    writeFiles(join(root, 'b'), { ...tiny, 'cats/a.png': png });
    expect(await openCollection(join(root, 'b'))).toMatchObject({ kind: 'folder', items: [{ path: 'cats/a.png' }] });
  });

  test('without labels there are none, not even of folders', async () => {
    writeFiles(root, { 'train-images-idx3-ubyte': idxImages(2) });
    const collection = await openCollection(root);
    expect(ownLabels(collection)).toBeUndefined();
    expect(() => givenLabels(collection)).toThrow(/no labels lie beside its images/);
    await collection.close();
  });

  const damaged: [string, Record<string, Uint8Array>, RegExp][] = [
    [
      'cut images',
      { 'train-images-idx3-ubyte': idxImages(3).subarray(0, -1) },
      /3-ubyte: says it holds 3 images of 3 x 4/,
    ],
    [
      'cut gzip',
      { 'train-images-idx3-ubyte.gz': gzipSync(idxImages(3)).subarray(0, -9) },
      /ubyte\.gz: the compressed file/,
    ],
    [
      'more than said',
      { 'train-images-idx3-ubyte': Buffer.concat([idxImages(3), png]) },
      /bytes more than its 3 images/,
    ],
    ['fewer labels', { 'train-labels-idx1-ubyte': idxLabels([1, 2]) }, /1-ubyte: holds 2 labels for 3 images/],
    ['label 10', { 'train-labels-idx1-ubyte': idxLabels([1, 10, 2]) }, /1-ubyte: image 2 has the label 10/],
    ['mixed up', { 'train-labels-idx1-ubyte': bigEndian(2049, 9) }, /says it holds 9 labels, which are 17 bytes/],
    [
      'a huge gzip',
      { 'train-images-idx3-ubyte': gzipSync(Buffer.concat([bigEndian(2051, 1, 2, 2), Buffer.alloc(1e6)])) },
      /unpacks to more than the 20 B/,
    ],
    [
      'a lying gzip',
      { 'train-images-idx3-ubyte': gzipSync(bigEndian(2051, 1e7, 1e3, 1e4)) },
      /more than 2147483648; unpack it/,
    ],
  ];
  test.each(damaged)('refuses %s', async (_, files, message) => {
    const plain = { 'train-images-idx3-ubyte': idxImages(3), 'train-labels-idx1-ubyte': idxLabels([1, 2, 3]) };
    const images = Object.keys(files).some((name) => name.includes('images'));
    writeFiles(join(root, 'mnist'), images ? files : { ...plain, ...files });
    await expect(openDataSet(join(root, 'mnist'))).rejects.toThrow(message);
  });

  test('two sets in one folder', async () => {
    writeFiles(root, { 'a-train-images': idxImages(1), 'b-train-images': idxImages(1) });
    await expect(openDataSet(root)).rejects.toThrow('a-train-images and b-train-images both are images of train');
  });

  const mnist = fileURLToPath(new URL('../../../../../../shared/data/mnist', import.meta.url));
  test.skipIf(!existsSync(mnist))('all 70,000 digits open at once', async () => {
    const start = performance.now();
    const set = await openDataSet(mnist);
    expect(performance.now() - start).toBeLessThan(10_000); // 0.5 s where nothing else runs
    expect(set.collection.items).toHaveLength(70_000);
    expect([...(set.labels?.values.subarray(0, 10) ?? [])]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const counts = new Int32Array(10);
    for (const label of set.labels?.values ?? []) counts[label] = (counts[label] ?? 0) + 1;
    expect([...counts]).toEqual([6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]);
    await set.collection.close();
  });
});

describe('CIFAR', () => {
  const batch = (label: number): Buffer => cifarRecord([label], [label, 20, 30]);

  test('CIFAR-10: batches in order, planes to pixels', async () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, batch(n)]));
    writeFiles(join(root, 'x/cifar-10-batches-bin'), { ...files, 'test_batch.bin': batch(9), 'readme.html': '' });
    const set = await openDataSet(join(root, 'x'));
    expect(set).toMatchObject({ id: 'cifar-10', splits: ['train', 'test'] });
    expect([...(set.labels?.values ?? [])]).toEqual([1, 2, 3, 4, 5, 9]);
    expect([...(set.collection.rasters?.read(5, 1).subarray(0, 6) ?? [])]).toEqual([9, 20, 30, 9, 20, 30]);
    const { rgb } = await decodeImage(await set.collection.source(0).read(), 'x');
    expect([...rgb.subarray(3069)]).toEqual([1, 20, 30]);
    await set.collection.close();
  });

  test('CIFAR-100: superclasses by default, all classes by name', async () => {
    const record = cifarRecord([18, 90], [1, 2, 3]);
    writeFiles(root, { 'train.bin': record, 'test.bin': Buffer.concat([record, cifarRecord([4, 0], [1, 2, 3])]) });
    const twenty = await openDataSet(root);
    expect(twenty).toMatchObject({ id: 'cifar-100-20', title: 'CIFAR-100, 20 superclasses' });
    expect([...(twenty.labels?.values ?? [])].map((label) => twenty.classes[label])).toEqual([
      'vehicles 1',
      'vehicles 1',
      'fruit and vegetables',
    ]);
    const hundred = await openDataSet(root, { as: 'cifar-100', split: 'test' });
    expect([...(hundred.labels?.values ?? [])].map((label) => hundred.classes[label])).toEqual(['train', 'apple']);
  });

  const damaged: [string, Record<string, Uint8Array>, RegExp][] = [
    [
      'a cut batch',
      { 'data_batch_1.bin': batch(1).subarray(1) },
      /data_batch_1\.bin: has 3072 bytes, which is no multiple/,
    ],
    ['label 10', { 'data_batch_1.bin': batch(10) }, /data_batch_1\.bin: image 1 has the label 10/],
    ['a gap', { 'data_batch_1.bin': batch(1), 'data_batch_3.bin': batch(3) }, /data_batch_2\.bin is missing/],
    ['superclass 20', { 'train.bin': cifarRecord([20, 1], [1, 2, 3]) }, /train\.bin: image 1 has the label 20/],
    ['pickles', { data_batch_1: Uint8Array.of(0x80, 2, 0x7d) }, /data_batch_1 is of the version for Python/],
  ];
  test.each(damaged)('refuses %s', async (_, files, message) => {
    writeFiles(root, files);
    await expect(openDataSet(root)).rejects.toThrow(message);
    await expect(openCollection(root)).rejects.toThrow(message);
  });
});

describe('STL-10', () => {
  const image = (level: number): Buffer => Buffer.alloc(27_648, level);

  test('labels from 1, and the unlabelled split only where it is asked for', async () => {
    writeFiles(join(root, 'stl10_binary'), {
      'train_X.bin': Buffer.concat([image(1), image(2)]),
      'train_y.bin': Uint8Array.of(10, 1),
      'test_X.bin': image(3),
      'test_y.bin': Uint8Array.of(2),
      'unlabeled_X.bin': image(4),
    });
    const labelled = await openDataSet(root);
    expect(labelled).toMatchObject({
      id: 'stl-10',
      splits: ['train', 'test', 'unlabelled'],
      opened: ['train', 'test'],
    });
    expect([...(labelled.labels?.values ?? [])]).toEqual([9, 0, 1]);
    const mixed = await openDataSet(root, { split: 'train+unlabeled' });
    expect(mixed.labels).toMatchObject({ missing: 1 });
    expect([...(mixed.labels?.values ?? [])]).toEqual([9, 0, -1]);
    expect(mixed.collection.rasters?.read(2, 1)[0]).toBe(4);
    expect(await openDataSet(root, { split: 'unlabelled' })).toMatchObject({ labels: null, classes: [] });
  });

  test('refuses cut images, label 0, another number of labels', async () => {
    const open = async (files: Record<string, Uint8Array>): Promise<string> => {
      writeFiles(root, files);
      return openDataSet(root).then(() => 'opened', String);
    };
    expect(await open({ 'train_X.bin': image(1).subarray(1) })).toMatch(/train_X\.bin: has 27647 bytes/);
    expect(await open({ 'train_X.bin': image(1), 'train_y.bin': Uint8Array.of(0) })).toMatch(/train_y\.bin: image 1/);
    expect(await open({ 'train_y.bin': Uint8Array.of(1, 2) })).toMatch(/train_y\.bin: holds 2 labels for 1 images/);
  });
});
