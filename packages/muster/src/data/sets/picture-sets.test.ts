import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFiles } from '../../../test/data-files.ts';
import { endOfTar, tarMember } from '../../../test/tar-member.ts';
import { givenLabels } from '../labels.ts';
import { openCollection } from '../open.ts';
import { openDataSet } from './open-data-set.ts';
import type { DataSet, DataSetOptions } from './open-data-set.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sets-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
  .png()
  .toBuffer();

const put = (folder: string, ...paths: readonly string[]): void =>
  writeFiles(join(root, folder), Object.fromEntries(paths.map((path) => [path, png])));

/** Every open image with its class. */
function pairs({ collection, labels }: DataSet): string[] {
  return collection.items.map(({ path }, at) => `${path} ${labels?.classes[labels.values[at] ?? -1] ?? 'none'}`);
}

async function open(folder: string, options?: DataSetOptions): Promise<DataSet> {
  return openDataSet(join(root, folder), options);
}

describe('folders by class', () => {
  test('alone, with a folder inside each, in the folder that an archive makes', async () => {
    put('rsod', 'aircraft/JPEGImages/1.png', 'oiltank/JPEGImages/1.png');
    expect(pairs(await open('rsod'))).toEqual([
      'aircraft/JPEGImages/1.png aircraft',
      'oiltank/JPEGImages/1.png oiltank',
    ]);
    put('uc-merced', 'UCMerced_LandUse/Images/beach/1.png', 'UCMerced_LandUse/Images/river/1.png');
    const merced = await open('uc-merced');
    expect(merced).toMatchObject({ id: 'uc-merced', splits: ['all'], classes: ['beach', 'river'] });
    expect(await open('uc-merced', { split: 'all' })).toMatchObject({ opened: ['all'] });
  });

  test('a pair of folders for train and test, also in an archive', async () => {
    const paths = ['test/dog/1.png', 'train/cat/1.png', 'train/dog/1.png'];
    put('pair', ...paths);
    const pair = await open('pair');
    expect(pair).toMatchObject({ id: 'pair', splits: ['train', 'test'] });
    expect(pairs(pair)).toEqual(['train/cat/1.png cat', 'train/dog/1.png dog', 'test/dog/1.png dog']);
    const archive = Buffer.concat([...paths.map((path) => tarMember(path, png)), endOfTar]);
    writeFiles(root, { 'cifar10.tar.gz': gzipSync(archive) });
    const testing = await open('cifar10.tar.gz', { split: 'test' });
    expect(testing).toMatchObject({ id: 'cifar-10', title: 'CIFAR-10' });
    expect(pairs(testing)).toEqual(['test/dog/1.png dog']);
    expect(Buffer.compare(Buffer.from(await testing.collection.source(0).read()), png)).toBe(0);
    await testing.collection.close();
  });

  test('unlabelled images, and those beside the folders, have no class', async () => {
    put('set', 'train/cat/1.png', 'train/2.png', 'unlabeled/x/3.png');
    const all = await open('set', { split: 'train+unlabelled' });
    expect(pairs(all)).toEqual(['train/2.png none', 'train/cat/1.png cat', 'unlabeled/x/3.png none']);
    expect((await open('set')).opened).toEqual(['train']);
  });

  test('CIFAR-100 by its classes gives its superclasses', async () => {
    put('cifar-100-20', 'train/maple_tree/1.png', 'train/apple/1.png', 'test/oak_tree/1.png');
    const set = await open('cifar-100-20');
    expect(pairs(set)).toEqual([
      'train/apple/1.png fruit and vegetables',
      'train/maple_tree/1.png trees',
      'test/oak_tree/1.png trees',
    ]);
    expect(set.classes).toHaveLength(20);
    put('cifar-100-20', 'test/zebra/1.png');
    await expect(open('cifar-100-20')).rejects.toThrow('the folder zebra is none of its classes');
  });
});

describe('ImageNet', () => {
  const ten = 'n02056570 n02085936 n02128757 n02690373 n02692877 n03095699 n04254680 n04285008 n04467665 n07747607';

  test('a subset is found in the whole', async () => {
    put('imagenet', ...ten.split(' ').flatMap((wnid) => [`train/${wnid}/1.png`, `val/${wnid}/2.png`]));
    put('imagenet', 'train/n01440764/1.png', 'val/n01440764/1.png');
    const set = await open('imagenet', { as: 'imagenet-10', split: 'val' });
    expect(set).toMatchObject({ id: 'imagenet-10', splits: ['train', 'val'] });
    expect(pairs(set).slice(0, 2)).toEqual(['val/n02056570/2.png king penguin', 'val/n02085936/2.png Maltese dog']);
    expect(set.collection.items).toHaveLength(10);
    await expect(open('imagenet', { as: 'imagenet-dogs' })).rejects.toThrow(
      /14 of 15 classes have no folder in train \(n02086646, .*\.\.\.\)/,
    );
    await expect(open('imagenet')).rejects.toThrow(/of 1000 classes have no folder in train/);
  });

  test('other folders are not it', async () => {
    put('photos', 'a/1.png', 'b/1.png');
    const set = await open('photos', { as: 'imagenet-10' });
    expect(pairs(set)).toEqual(['a/1.png a', 'b/1.png b']);
  });
});

test('Tiny-ImageNet: classes by wnid with their first words, validation by its annotations', async () => {
  put('tiny', 'train/n2/images/a.JPEG', 'train/n1/images/b.JPEG', 'val/images/val_0.JPEG', 'test/images/t.JPEG');
  writeFiles(join(root, 'tiny'), {
    'wnids.txt': 'n2\nn1\n',
    'words.txt': 'n0\tother\nn1\tgoldfish, Carassius\nn2\tfrog\n',
    'val/val_annotations.txt': 'val_0.JPEG\tn2\t0\t0\t62\t62\n',
  });
  const set = await open('tiny');
  expect(set).toMatchObject({ id: 'tiny-imagenet', splits: ['train', 'val', 'test'], opened: ['train', 'val'] });
  expect(pairs(set)).toEqual([
    'train/n1/images/b.JPEG goldfish',
    'train/n2/images/a.JPEG frog',
    'val/images/val_0.JPEG frog',
  ]);
  expect((await open('tiny', { split: 'test' })).labels).toBeNull();
  put('tiny', 'val/images/val_1.JPEG');
  await expect(open('tiny', { split: 'val' })).rejects.toThrow(/val_1\.JPEG has the class none/);
});

test('DTD: the lists of its first split', async () => {
  put('dtd', 'images/banded/1.jpg', 'images/banded/2.jpg', 'images/knitted/1.jpg', 'images/knitted/9.jpg');
  writeFiles(join(root, 'dtd'), {
    'labels/train1.txt': 'banded/1.jpg\n',
    'labels/val1.txt': 'knitted/1.jpg\r\n',
    'labels/test1.txt': 'banded/2.jpg\n',
    'labels/train2.txt': 'banded/2.jpg\n',
  });
  const set = await open('dtd', { split: 'train+val' });
  expect(set).toMatchObject({ id: 'dtd', splits: ['train', 'val', 'test'], classes: ['banded', 'knitted'] });
  expect(pairs(set)).toEqual(['images/banded/1.jpg banded', 'images/knitted/1.jpg knitted']);
  writeFiles(join(root, 'dtd'), { 'labels/test1.txt': 'banded/3.jpg\n' });
  await expect(open('dtd')).rejects.toThrow('images/banded/3.jpg, which its lists name, is missing');
});

test('UCF-101: the middle frame of each listed video', async () => {
  const frames = [8, 9, 10].map((n) => `jpegs/YoYo/v_YoYo_g01_c01/frame${n}.jpg`);
  put('ucf', ...frames, 'jpegs/ApplyLipstick/v_ApplyLipstick_g02_c03.jpg', 'jpegs/YoYo/v_YoYo_g09_c01/1.jpg');
  writeFiles(join(root, 'ucf'), {
    'ucfTrainTestlist/trainlist01.txt': 'YoYo/v_YoYo_g01_c01.avi 101\n',
    'ucfTrainTestlist/testlist01.txt': 'ApplyLipstick/v_ApplyLipstick_g02_c03.avi\n',
  });
  const set = await open('ucf');
  expect(set).toMatchObject({ id: 'ucf-101', classes: ['apply lipstick', 'yo yo'] });
  expect(pairs(set)).toEqual([
    'jpegs/YoYo/v_YoYo_g01_c01/frame9.jpg yo yo',
    'jpegs/ApplyLipstick/v_ApplyLipstick_g02_c03.jpg apply lipstick',
  ]);
  writeFiles(join(root, 'ucf'), { 'ucfTrainTestlist/testlist01.txt': 'YoYo/v_YoYo_g03_c01.avi\n' });
  await expect(open('ucf')).rejects.toThrow('1 of 2 videos have no frame (v_YoYo_g03_c01)');
});

describe('CSV manifest', () => {
  test('paths, labels, splits; the labels score a clustering of it', async () => {
    put('m', 'a/1.png', 'a/2.png', 'b/3.png', 'c/other.png');
    writeFiles(join(root, 'm'), {
      'list.csv': 'split,path,label\ntest,a/2.png,dog\ntrain,./b/3.png,\ntrain,a/1.png,cat\n',
    });
    const set = await open('m/list.csv');
    expect(set).toMatchObject({ splits: ['train', 'test'], classes: ['cat', 'dog'] });
    expect(pairs(set)).toEqual(['a/1.png cat', 'b/3.png none', 'a/2.png dog']);
    const collection = await openCollection(join(root, 'm/list.csv'));
    expect([...givenLabels(collection).values]).toEqual([0, -1, 1]);
  });

  test.each([
    ['path,label\n', /has no rows/],
    ['path,label\n../x.png,a\n', /row 2 leads out of its folder/],
    ['path,label\na/1.png,x\na/1.png,y\n', /lists a\/1\.png twice/],
    ['path,label\na/9.png,x\n', /1 of its 1 images are not there \(a\/9\.png\)/],
    ['path,label\n,x\n', /row 2 has no path/],
    ['file,split\na/1.png,\n', /row 2 has no split/],
  ])('refuses %j', async (text, message) => {
    put('m', 'a/1.png');
    writeFiles(join(root, 'm'), { 'list.csv': text });
    await expect(open('m/list.csv')).rejects.toThrow(message);
  });
});
