import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { idxImages, idxLabels, writeFiles } from '../../../test/data-files.ts';
import { dataSetCalled, dataSets, findDataSet, locateData, requireDataSet } from './catalogue.ts';
import { openDataSet } from './open-data-set.ts';
import { chooseSplits } from './set.ts';

const cwd = mkdtempSync(join(tmpdir(), 'catalogue-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const env = { MUSTER_DATA: join(cwd, 'elsewhere') };
const mnist = { 'train-images-idx3-ubyte': idxImages(2), 'train-labels-idx1-ubyte': idxLabels([3, 1]) };

describe('dataSets', () => {
  test('every name of the recipes, once', () => {
    const ids = dataSets.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const named =
      'mnist fashion-mnist cifar-10 cifar-100-20 stl-10 imagenet-10 imagenet-dogs tiny-imagenet imagenet-1k dtd ucf-101 rsod uc-merced siri-whu aid d0 chaoyang';
    expect(ids).toEqual(expect.arrayContaining(named.split(' ')));
    for (const { otherNames, partOf = [] } of dataSets)
      for (const name of [...otherNames, ...partOf]) expect(name).toBe(name.toLowerCase());
  });

  test('what the papers train on and score are splits that there are', () => {
    for (const { splits, papers } of dataSets) {
      const found = {
        format: '',
        splits: splits.map(({ name, labelled }) => ({ name, labelled: labelled !== false })),
        open: () => Promise.reject(new Error('not opened')),
      };
      for (const { trains, scores } of papers)
        for (const text of [trains, scores]) expect(chooseSplits(found, text, '').length).toBeGreaterThan(0);
    }
  });

  test('a folder is called after the set of its name, not after one that is a part of it', () => {
    expect(dataSetCalled('imagenet')?.id).toBe('imagenet-1k');
    expect(dataSetCalled('ILSVRC2012')?.id).toBe('imagenet-1k');
    expect(dataSetCalled('cifar-100')?.id).toBe('cifar-100');
    expect(dataSetCalled('cifar-100-binary')?.id).toBe('cifar-100-20');
    expect(dataSetCalled('photos')).toBeUndefined();
  });
});

describe('by name', () => {
  test('in MUSTER_DATA, then in data', async () => {
    expect(findDataSet(requireDataSet('mnist'), { cwd, env })).toBeNull();
    writeFiles(join(cwd, 'data/mnist'), mnist);
    expect(findDataSet(requireDataSet('mnist'), { cwd, env })).toBe(join(cwd, 'data/mnist'));
    writeFiles(join(cwd, 'elsewhere/MNIST'), mnist);
    expect(findDataSet(requireDataSet('mnist'), { cwd, env })).toBe(join(cwd, 'elsewhere/MNIST'));
    const set = await openDataSet('mnist', { cwd, env });
    expect(set).toMatchObject({ id: 'mnist', splits: ['train'] });
    expect([...(set.labels?.values ?? [])]).toEqual([3, 1]);
    await set.collection.close();
  });

  test('a part is found in the whole, under other names and in archives', () => {
    mkdirSync(join(cwd, 'data/ImageNet'), { recursive: true });
    expect(locateData('imagenet-dogs', { cwd, env })).toBe(join(cwd, 'data/ImageNet'));
    writeFiles(cwd, { 'data/ucmerced.tar': '' });
    expect(locateData('uc-merced', { cwd, env })).toBe(join(cwd, 'data/ucmerced.tar'));
  });

  test('what is not here: where to get it and where to put it', () => {
    expect(() => locateData('stl-10', { cwd, env })).toThrow(
      /^stl-10: STL-10 is not in .*elsewhere or .*data; get it from https:\/\/cs\.stanford.* put it into data\/stl-10: train_X\.bin/,
    );
    expect(() => locateData('minst', { cwd, env })).toThrow(/^minst: there is no such folder .* did you mean mnist\?/);
    expect(() => locateData('./nowhere', { cwd, env })).toThrow(
      /^\.\/nowhere: there is no such folder .*check the path$/,
    );
    expect(() => requireDataSet('cifar10')).toThrow('there is no data set cifar10; did you mean cifar-10?');
  });
});
