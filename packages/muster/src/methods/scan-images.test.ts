import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { liveTensors, setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { Random, silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { acc } from '../metrics/index.ts';
import { findPretraining } from '../pretraining/index.ts';
import { keptCheckpoints } from '../train/index.ts';
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

test('stopped in each of its three trainings it ends as if it never stopped', async () => {
  const { pixels } = patterns('as they are');
  const before = liveTensors();
  const everything = (fit: ImageFitted): unknown => {
    const { labels, probabilities } = fit.assign(pixels);
    const values = probabilities.toFloat32Array();
    probabilities.dispose();
    fit.dispose();
    return { labels, values, numbers: fit.values };
  };
  const whole = everything(await fitted(pixels, short));
  for (const stage of ['scan-pretext', 'scan-clustering', 'scan-self-labelling']) {
    const stop = new AbortController();
    const emit = (event: MusterEvent): void => {
      if (event.stage === stage && event.done === 1) stop.abort();
    };
    await expect(fitted(pixels, short, { checkpoints: folder, emit, signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  }
  expect(everything(await fitted(pixels, short, { checkpoints: folder, keepEvery: 1 }))).toEqual(whole);
  expect(liveTensors()).toBe(before);
});

test('saved, loaded and opened from its last checkpoint it gives the same groups', async () => {
  const { pixels } = patterns('as they are');
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
  for (const one of [fit, loaded, opened]) one.dispose();
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
