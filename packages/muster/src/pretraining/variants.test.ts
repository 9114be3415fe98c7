import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { readSafetensors } from '@muster/torch/io';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { Draws } from '../augment/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import { makeImages } from './conformance/made-images.ts';
import { nat } from './nat.ts';
import type { Pretrained } from './pretraining.ts';
import { rotNet } from './rotnet.ts';
import { restoreRotNet } from './rotnet/network.ts';
import { completeRotNet, rotNetOptions } from './rotnet/options.ts';
import { simClr } from './simclr.ts';

const context = { seed: 5, device: 'cpu', emit: silent } as const;
const small = { width: 8, size: 16, epochs: 3, batch: 16 };

beforeAll(() => setThreads(1));

/** All numbers of the embeddings; frees what it was made with. */
function embedded(trained: Pretrained, pixels: Tensor): Float32Array {
  using rows = trained.embed(pixels);
  trained.dispose();
  return rows.toFloat32Array();
}

test('NAT in turns with RotNet goes on where it was stopped, points that changed hands included', async () => {
  const options = { ...small, crop: 14, dimension: 8, rotation: true, period: 1, rotationRate: 0.05, sobel: false };
  const folder = mkdtempSync(join(tmpdir(), 'muster-nat-'));
  const { pixels } = makeImages(50, 1);
  try {
    const values: Record<string, number>[] = [];
    const whole = await nat.fit({ pixels }, options, {
      ...context,
      emit: ({ done, values: own }) => void (Number.isInteger(done) && values.push({ ...own })),
    });
    const expected = embedded(whole, pixels);
    for (const own of values) {
      expect(own).toMatchObject({ rotation: expect.any(Number), distance: expect.any(Number), rate: 0.01 });
      expect(own['changed']).toBeGreaterThan(0);
    }
    const stop = new AbortController();
    const emit = ({ done }: MusterEvent): void => {
      if (done === 2) stop.abort();
    };
    const kept = { ...context, checkpoints: folder, keepEvery: 3 };
    const stopped = nat.fit({ pixels }, options, { ...kept, emit, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(embedded(await nat.fit({ pixels }, options, kept), pixels)).toEqual(expected);
    const [last] = keptCheckpoints(folder);
    const shape = { height: 20, width: 20, channels: 3 };
    expect(embedded(nat.openCheckpoint(last?.path ?? '', options, shape), pixels)).toEqual(expected);
  } finally {
    rmSync(folder, { recursive: true });
    pixels.dispose();
  }
});

test('in epochs between, points stay where they are', async () => {
  const { pixels } = makeImages(50, 1);
  const changed: (number | undefined)[] = [];
  const emit = ({ done, values }: MusterEvent): void =>
    void (Number.isInteger(done) && changed.push(values?.['changed']));
  const options = { ...small, crop: 14, dimension: 8, epochs: 4 };
  (await nat.fit({ pixels }, options, { ...context, emit })).dispose();
  expect(changed.map((share) => share !== undefined)).toEqual([true, false, false, true]);
  pixels.dispose();
});

test('pictures that are no squares cannot be turned by quarters, but looked at in two views', async () => {
  const { pixels } = makeImages(20, 1);
  using wide = pixels.narrow(1, 0, 18);
  await expect(rotNet.fit({ pixels: wide }, { width: 8 }, context)).rejects.toMatchObject({ code: 'train.pixels' });
  await expect(nat.fit({ pixels: wide }, { width: 8, rotation: true }, context)).rejects.toMatchObject({
    code: 'train.pixels',
  });
  const trained = await simClr.fit({ pixels: wide }, { ...small, epochs: 1 }, context);
  expect(embedded(trained, wide).every(Number.isFinite)).toBe(true);
  pixels.dispose();
});

test('a width below 8 is refused, and a pretraining that is not run has no loss', async () => {
  const { pixels } = makeImages(20, 1);
  await expect(rotNet.fit({ pixels }, { width: 4 }, context)).rejects.toMatchObject({ code: 'method.options' });
  const begun = await rotNet.fit({ pixels }, { width: 8, epochs: 0 }, context);
  expect(Object.keys(begun.values)).toEqual(['spread']);
  begun.dispose();
  pixels.dispose();
});

test('augmented features are of random views, the plain ones of one', async () => {
  const { pixels } = makeImages(6, 1);
  const options = completeRotNet(rotNetOptions.parse({ width: 8, size: 16, crop: 14 }), { height: 20, width: 20 });
  const trained = await rotNet.fit({ pixels }, { ...options, epochs: 0 }, context);
  const folder = mkdtempSync(join(tmpdir(), 'muster-rotnet-'));
  trained.save(folder);
  trained.dispose();
  const encoder = restoreRotNet(readSafetensors(join(folder, 'pretrained.safetensors')), options, 3, 'cpu');
  const numbers = (rows: Tensor): Float32Array => {
    const values = rows.toFloat32Array();
    rows.dispose();
    return values;
  };
  const view = (epoch: number): Float32Array =>
    numbers(encoder.embedAugmented(pixels, new Draws({ seed: 1, epoch, view: 0, rows: [0, 1, 2, 3, 4, 5] })));
  expect(view(0)).toEqual(view(0));
  expect(view(0)).not.toEqual(view(1));
  expect(numbers(encoder.embed(pixels))).toEqual(numbers(encoder.embed(pixels)));
  encoder.dispose();
  rmSync(folder, { recursive: true });
  pixels.dispose();
});
