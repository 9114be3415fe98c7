import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { writeSafetensors } from '@muster/torch/io';
import { Random, silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { acc } from '../metrics/index.ts';
import { findPretraining } from '../pretraining/index.ts';
import { keptCheckpoints, settingsTensor } from '../train/index.ts';
import type { ImageFitted, MethodContext } from './method.ts';
import { scanImages } from './scan-images.ts';

const [SIDE, KINDS, COUNT] = [20, 3, 240] as const;
const context: MethodContext = { seed: 3, device: 'cpu', emit: silent };
let folder = '';
/** Freed after each test: what a collection of garbage frees in another would be missed there. */
const made: Tensor[] = [];

beforeAll(() => setThreads(1));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-scan-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const pixels of made.splice(0)) pixels.dispose();
});

/** Stripes across, stripes down and chequers, each shifted by chance: their grey values tell nothing, nor do pixels in random order. */
function patterns(order: 'as they are' | 'shuffled', seed = 1): { pixels: Tensor; truth: Int32Array } {
  const random = new Random(seed);
  const truth = Int32Array.from({ length: COUNT }, (_, image) => image % KINDS);
  const values = new Uint8Array(COUNT * SIDE * SIDE * 3);
  truth.forEach((kind, image) => {
    const [down, across, tint] = [random.below(6), random.below(6), random.float()];
    const dark = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
      const row = Math.floor((Math.floor(at / SIDE) + down) / 3) % 2;
      const column = Math.floor(((at % SIDE) + across) / 3) % 2;
      return kind === 0 ? row : kind === 1 ? column : (row + column) % 2;
    });
    if (order === 'shuffled') random.shuffle(dark);
    dark.forEach((bit, at) => {
      for (let channel = 0; channel < 3; channel++)
        values[(image * SIDE * SIDE + at) * 3 + channel] =
          70 + 90 * bit + 30 * tint + 8 * channel + 10 * random.float();
    });
  });
  const pixels = tensor(values, [COUNT, SIDE, SIDE, 3]);
  made.push(pixels);
  return { pixels, truth };
}

/** So many of them, where nothing is to be learned. */
function some(count: number): Tensor {
  const pixels = patterns('as they are').pixels.narrow(0, 0, count).clone();
  made.push(pixels);
  return pixels;
}

const options = {
  ...{ groups: KINDS, width: 8, size: 16, operations: 1, cutout: [1, 4] },
  ...{ pretextEpochs: 5, pretextBatch: 60, pretextRate: 0.1 },
  ...{ neighbours: 10, epochs: 5, batch: 24, rate: 3e-3 },
  ...{ selfEpochs: 2, selfBatch: 60, selfRate: 1e-3, threshold: 0.9 },
};

async function fitted(pixels: Tensor, more: object, other: Partial<MethodContext> = {}): Promise<ImageFitted> {
  return await scanImages.fit({ pixels }, { ...options, ...more }, { ...context, ...other });
}

test('finds patterns, also on images it has not seen, and in shuffled pixels nothing', async () => {
  const { pixels, truth } = patterns('as they are');
  const fit = await fitted(pixels, {});
  expect(acc(truth, fit.own.labels)).toBeGreaterThan(0.95);
  const unseen = patterns('as they are', 2);
  expect(acc(unseen.truth, fit.label(unseen.pixels).labels)).toBeGreaterThan(0.95);
  expect(fit.values).toMatchObject({
    clustering: expect.any(Number),
    selection: expect.any(Number),
    selfLabelling: expect.any(Number),
  });
  fit.dispose();

  const control = patterns('shuffled');
  const nothing = await fitted(control.pixels, {});
  expect(acc(control.truth, nothing.own.labels)).toBeLessThan(1 / KINDS + 0.15);
  nothing.dispose();
});

const short = { pretextEpochs: 1, epochs: 2, selfEpochs: 2, threshold: 0.3 };

test('saved, loaded, opened from its last checkpoint and branched from another it gives the same groups', async () => {
  const pixels = some(120);
  const fit = await fitted(pixels, short, { checkpoints: join(folder, 'c'), keepEvery: 1 });
  fit.save(folder);
  const loaded = scanImages.load(folder);
  const kept = keptCheckpoints(join(folder, 'c'));
  expect(kept.map(({ training, epoch }) => `${training} ${epoch}`)).toEqual([
    'scan-clustering 1',
    'scan-clustering 2',
    'scan-self-labelling 1',
    'scan-self-labelling 2',
  ]);
  const shape = { height: SIDE, width: SIDE, channels: 3 };
  const opened = scanImages.openCheckpoint(kept.at(-1)?.path ?? '', { ...options, ...short }, shape);
  for (const same of [loaded, opened]) {
    expect(same.label(pixels)).toEqual(fit.label(pixels));
    expect(same.dimension).toBe(64);
  }

  for (const [at, first] of [
    [0, 'scan-selection 1'],
    [2, 'scan-self-labelling 2'],
  ] as const) {
    const stages: string[] = [];
    const emit = ({ stage, done }: MusterEvent): void =>
      void (Number.isInteger(done) && stages.push(`${stage} ${done}`));
    const branched = await fitted(pixels, short, { branch: kept[at]?.path, emit });
    expect(stages[0]).toBe(first);
    expect(branched.label(pixels)).toEqual(fit.label(pixels));
    branched.dispose();
  }
  for (const one of [fit, loaded, opened]) one.dispose();
});

test('a branch is refused where its stage or its images are others, or its pretext is missing', async () => {
  const { pixels } = patterns('as they are');
  const file = (name: string): string => join(folder, `${name}-e0001.safetensors`);
  const setting = { depth: 18, stem: 'cifar', width: 8, channels: 3, projection: 128, size: 16, mean: [0], sd: [1] };
  const write = (name: string, channels: number): string => {
    using settings = settingsTensor({ ...setting, channels });
    writeSafetensors(file(name), new Map([['settings', settings]]));
    return file(name);
  };
  for (const [branch, message] of [
    [write('simclr', 3), /of simclr, not of scan-clustering or scan-self-labelling/],
    [write('scan-self-labelling', 1), /takes 1 channels, and the images have 3/],
    [write('scan-clustering', 3), /did not train its pretext itself/],
    [file('scan-clustering').replace('1.', '2.'), /no such file/],
  ] as const) {
    await expect(fitted(pixels, short, { branch })).rejects.toMatchObject({ code: 'train.checkpoint', message });
  }
});

test('every stage tells its learning rate, the groups in use and how sure it is; the pretext, whether views find each other', async () => {
  const pixels = some(60);
  const told = new Map<string, Record<string, number>>();
  const emit = ({ stage, done, values }: MusterEvent): void => void (done === 1 && told.set(stage, { ...values }));
  (await fitted(pixels, { ...short, epochs: 1, selfEpochs: 1 }, { emit })).dispose();
  expect(told.get('scan-pretext')?.['twinsNearest']).toSatisfy((share: number) => share > 0 && share <= 1);
  for (const [stage, rate] of [
    ['scan-clustering', options.rate],
    ['scan-self-labelling', options.selfRate],
  ] as const) {
    const { usedGroups = NaN, confidence = NaN, ...others } = told.get(stage) ?? {};
    expect(others).toMatchObject({ rate });
    expect(usedGroups).toBeGreaterThanOrEqual(1);
    expect(usedGroups).toBeLessThanOrEqual(KINDS + 1e-9);
    expect(confidence).toBeGreaterThan(1 / KINDS);
    expect(confidence).toBeLessThanOrEqual(1);
  }
});

test('it starts from a SimCLR run, with that run’s network and views', async () => {
  const { pixels, truth } = patterns('as they are');
  const simClr = findPretraining('simclr');
  const start = { width: 8, size: 18, epochs: 5, batch: 60, rate: 0.1, projection: 32 };
  const pretrained = await simClr?.fit({ pixels }, start, context);
  pretrained?.save(join(folder, 'model'));
  pretrained?.dispose();
  const stages = new Set<string>();
  const emit = ({ stage }: MusterEvent): void => void stages.add(stage);
  const fit = await fitted(pixels, { pretext: folder, selfEpochs: 0 }, { emit });
  expect(stages).not.toContain('scan-pretext');
  expect(acc(truth, fit.own.labels)).toBeGreaterThan(0.9);
  fit.dispose();
  await expect(fitted(pixels, { pretext: join(folder, 'nowhere') })).rejects.toMatchObject({ code: 'method.folder' });
});

test('where no image is sure, self-labelling changes nothing but running statistics', async () => {
  const { pixels } = patterns('as they are');
  const shares: number[] = [];
  const emit = ({ stage, values }: MusterEvent): void => {
    if (stage === 'scan-self-labelling') shares.push(values?.['sure'] ?? Number.NaN);
  };
  const unsure = { ...short, epochs: 0, threshold: 1 };
  const fit = await fitted(pixels, unsure, { emit });
  const without = await fitted(pixels, { ...unsure, selfEpochs: 0 });
  expect(shares.every((share) => share === 0)).toBe(true);
  const weights = (it: ImageFitted): Float32Array => {
    it.save(folder);
    const again = scanImages.load(folder);
    using rows = again.embed(pixels);
    again.dispose();
    return rows.toFloat32Array();
  };
  expect(weights(fit)).not.toEqual(weights(without)); // the statistics
  expect(fit.values).toEqual({ selfLabelling: 0 });
  fit.dispose();
  without.dispose();
});
