import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idxImages, idxLabels, writeFiles } from '../../test/data-files.ts';
import { runMuster } from '../../test/run-muster.ts';
import { findWeights } from '../models/index.ts';

const haveWeights = findWeights('efficientnet-lite0').isThere;
let work = '';
const muster = (...args: string[]) => runMuster(work, args);

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'muster-datasets-'));
  mkdirSync(join(work, 'data'));
  writeFiles(join(work, 'data/mnist'), {
    'train-images-idx3-ubyte': idxImages(12, 8, 8),
    'train-labels-idx1-ubyte': idxLabels([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]),
    't10k-images-idx3-ubyte': idxImages(3, 8, 8),
    't10k-labels-idx1-ubyte': idxLabels([0, 1, 2]),
  });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('muster datasets', () => {
  test('lists size, splits, each paper’s use, where to get it and whether it is here', async () => {
    const { code, out, err } = await muster('datasets');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^mnist +MNIST: 70,000 images, 10 classes, 28 x 28, grey; here: .*data\/mnist$/mu);
    expect(out).toMatch(/^ +MMDC +trains on train\+test, scores train\+test; pixels: crops of 24/mu);
    expect(out).toMatch(/^stl-10 +STL-10: 113,000 images, .*; not here$/mu);
    expect(out).toMatch(/^ +splits +train 5,000, test 8,000, unlabelled 100,000 without labels$/mu);
    expect(out).toMatch(/^ +from +https:\/\/cs\.stanford\.edu/mu);
  });

  test('one, as text and as JSON; a name that is none', async () => {
    expect((await muster('datasets', 'stl-10')).out).toMatch(/put in {2}data\/stl-10: train_X\.bin/u);
    const [set] = JSON.parse((await muster('datasets', 'mnist', '--json')).out) as Record<string, unknown>[];
    expect(set).toMatchObject({ id: 'mnist', images: 70_000, classes: 10 });
    expect(set?.['path']).toMatch(/data\/mnist$/u);
    expect(await muster('datasets', 'mnst')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/mean mnist/u) as string,
    });
  });

  test.skipIf(!haveWeights)('a data set is clustered by its name and scored by its own labels', async () => {
    const run = await muster('cluster', 'mnist', '-k', '3', '--labels', 'folders', '--out', 'run', '--threads', '1');
    expect(run).toMatchObject({ code: 0, err: '' });
    const result = JSON.parse(readFileSync(join(work, 'run/result.json'), 'utf8')) as {
      metrics: { labelled: number; classes: number };
      assignments: { files: string[] };
    };
    expect(result.metrics).toMatchObject({ labelled: 15, classes: 3 });
    expect(result.assignments.files.slice(0, 2)).toEqual(['train/00', 'train/01']);
    const report = readFileSync(join(work, 'run/report.html'), 'utf8');
    expect(report).toContain('data:image/webp;base64,');
    expect(report).not.toContain('No picture');
  });
});
