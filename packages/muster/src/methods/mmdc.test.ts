import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveTensors, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { expect, test } from 'vitest';
import { Random, silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { acc } from '../metrics/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import type { MethodContext } from './method.ts';
import { mmdc } from './mmdc.ts';

const [SIDE, KINDS, COUNT] = [20, 4, 320] as const;
const context: MethodContext = { seed: 3, device: 'cpu', emit: silent };
const options = {
  ...{ groups: KINDS, network: 'vgg', width: 8, rotation: false, epochs: 40, batch: 32, decayAt: [35] },
  ...{ size: 16, crop: 16, crops: [16, 14], flip: 0 },
};

/** Gratings in four directions with random phases: [COUNT, SIDE, SIDE, 1]. Their grey values tell nothing, and pixels in random order neither. */
function gratings(order: 'as they are' | 'shuffled'): { pixels: Tensor; truth: Int32Array } {
  const random = new Random(3);
  const truth = Int32Array.from({ length: COUNT }, (_, image) => image % KINDS);
  const values = new Uint8Array(COUNT * SIDE * SIDE);
  truth.forEach((kind, image) => {
    const [angle, phase] = [(Math.PI * kind) / KINDS, 2 * Math.PI * random.float()];
    const picture = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
      const across = (at % SIDE) * Math.cos(angle) + Math.floor(at / SIDE) * Math.sin(angle);
      return 128 + 90 * Math.sin(across * 1.2 + phase) + 12 * random.normal();
    });
    values.set(order === 'shuffled' ? random.shuffle(picture) : picture, image * SIDE * SIDE);
  });
  return { pixels: tensor(values, [COUNT, SIDE, SIDE, 1]), truth };
}

test('finds the directions of gratings, and in shuffled pixels nothing', async () => {
  const { pixels, truth } = gratings('as they are');
  const fitted = await mmdc.fit({ pixels }, options, context);
  expect(acc(truth, fitted.own.labels)).toBeGreaterThan(0.95);
  const control = gratings('shuffled');
  const nothing = await mmdc.fit({ pixels: control.pixels }, options, context);
  expect(acc(control.truth, nothing.own.labels)).toBeLessThan(0.42);
  fitted.dispose();
  nothing.dispose();
});

const short = { ...options, epochs: 3, refineFrom: 2, restarts: 2 };

test('tells of every epoch, refines, and leaves no tensor behind', async () => {
  const { pixels, truth } = gratings('as they are');
  const before = liveTensors();
  const events: MusterEvent[] = [];
  const fitted = await mmdc.fit({ pixels }, short, { ...context, emit: (event) => events.push(event) });
  const epochs = events.filter(({ stage, done = NaN }) => stage === 'mmdc' && Number.isInteger(done));
  expect(epochs.map(({ done }) => done)).toEqual([1, 2, 3]);
  for (const { values = {} } of epochs) {
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining(['loss', 'clustering', 'rate', 'distance', 'changed', 'usedGroups', 'imagesPerSecond']),
    );
    for (const [name, value] of Object.entries(values)) expect(value, name).toSatisfy(Number.isFinite);
  }
  const { probabilities, labels } = fitted.assign(pixels);
  expect(labels).toEqual(fitted.own.labels);
  expect(probabilities.shape).toEqual([truth.length, KINDS]);
  const embedding = fitted.embed(pixels);
  expect(embedding.shape).toEqual([truth.length, fitted.dimension]);
  for (const tensor of [probabilities, embedding]) tensor.dispose();
  fitted.dispose();
  expect(liveTensors()).toBe(before);
});

test.each([
  ['one-hot targets', {}],
  ['targets around means on the sphere', { means: 'sphere', dimension: 6, sigma: 0.1 }],
  ['rotations, two copies, edges', { rotation: true, copies: 2, sobel: true, rotationRate: 0.01 }],
] as const)(
  'with %s a kept checkpoint gives the groups of that epoch, and a training goes on from it',
  async (_, more) => {
    const { pixels } = gratings('as they are');
    const folder = mkdtempSync(join(tmpdir(), 'muster-mmdc-'));
    try {
      const given = { ...short, ...more };
      const whole = await mmdc.fit({ pixels }, given, { ...context, checkpoints: folder, keepEvery: 1 });
      const [first, , last] = keptCheckpoints(folder);
      if (first === undefined || last === undefined) throw new Error('there are three epochs');
      const again = mmdc.openCheckpoint(last.path, given, { height: SIDE, width: SIDE, channels: 1 });
      expect(again.label(pixels)).toEqual(whole.own);
      const branched = await mmdc.fit({ pixels }, given, { ...context, branch: first.path });
      expect(branched.own).toEqual(whole.own);
      whole.save(join(folder, 'saved'));
      const loaded = mmdc.load(join(folder, 'saved'));
      expect(loaded.label(pixels)).toEqual(whole.own);
      for (const fitted of [whole, again, branched, loaded]) fitted.dispose();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('computes in bfloat16 where it is asked to, with losses in float32', async () => {
  const { pixels } = gratings('as they are');
  const given = { ...short, epochs: 1, refineFrom: 0 };
  const losses: number[] = [];
  const fitted = await mmdc.fit({ pixels }, given, {
    ...context,
    precision: 'bfloat16',
    emit: ({ stage, values }) => (stage === 'mmdc' && values?.['loss'] !== undefined ? losses.push(values['loss']) : 0),
  });
  expect(losses.at(-1)).toSatisfy(Number.isFinite);
  expect(fitted.own.labels).toHaveLength(COUNT);
  fitted.dispose();
});

test('one-hot targets need a dimension for each group', async () => {
  const { pixels } = gratings('as they are');
  await expect(mmdc.fit({ pixels }, { ...options, dimension: 3 }, context)).rejects.toThrow('dimension');
  pixels.dispose();
});

test('a network that diverges is stopped by name', async () => {
  const { pixels } = gratings('as they are');
  await expect(mmdc.fit({ pixels }, { ...options, rate: 1e30 }, context)).rejects.toMatchObject({
    code: 'train.not-finite',
  });
  pixels.dispose();
});
