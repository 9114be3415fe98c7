import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { keptCheckpoints, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { train } from './epochs.ts';
import type { Training } from './epochs.ts';
import type { StepLoss } from './loss-tally.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-train-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const weight of made.splice(0)) weight.dispose();
});

/** A training whose only weight counts in base 10 which steps it has made. */
function counting(
  weight: Tensor,
  { epochs = 3, lossAt = (_step: number): number => 1, onStep = (_: number): void => undefined } = {},
): Training {
  return {
    name: 'counting',
    fingerprint: 'x',
    epochs,
    state: () => new Map([['weight', weight]]),
    begin: (epoch) => ({
      steps: 4,
      step: (index) => {
        onStep(epoch * 4 + index);
        weight.mul_(10).add_(index + 1);
        return torch.tensor(lossAt(epoch * 4 + index));
      },
    }),
  };
}

/** Freed after each test: what a collection of garbage frees in another would be missed there. */
const made: Tensor[] = [];
const zero = (): Tensor => {
  const weight = torch.zeros([1], { dtype: 'float64' });
  made.push(weight);
  return weight;
};
const context = { seed: 1, emit: silent };

test('an event an epoch, with the mean loss', async () => {
  const events: MusterEvent[] = [];
  const last = await train(counting(zero(), { lossAt: (step) => step }), {
    ...context,
    emit: (event) => events.push(event),
  });
  expect(events.map(({ done, total, values }) => [done, total, values?.['loss']])).toEqual([
    [1, 3, 1.5],
    [2, 3, 5.5],
    [3, 3, 9.5],
  ]);
  expect(last).toBe(9.5);
});

test('stopped in the middle of an epoch, it goes on with the next step', async () => {
  const stop = new AbortController();
  const pause = (step: number): void => {
    const until = performance.now() + 60;
    while (performance.now() < until);
    if (step === 5) stop.abort();
  };
  const first = zero();
  await expect(
    train(counting(first, { onStep: pause }), { ...context, checkpoints: folder, signal: stop.signal }),
  ).rejects.toThrow();
  expect(first.item()).toBeGreaterThan(123_411);
  const seen: number[] = [];
  const second = zero();
  await train(counting(second, { onStep: (step) => seen.push(step) }), { ...context, checkpoints: folder });
  expect(seen[0]).toBeGreaterThan(5);
  expect(second.item()).toBe(123_412_341_234);
});

test('a finished training is not run again', async () => {
  await train(counting(zero()), { ...context, checkpoints: folder });
  const again = zero();
  await train(counting(again, { onStep: () => expect.unreachable() }), { ...context, checkpoints: folder });
  expect(again.item()).toBe(123_412_341_234);
});

test('another training’s checkpoint is refused', async () => {
  await train(counting(zero()), { ...context, checkpoints: folder });
  const other = { ...counting(zero()), fingerprint: 'y' };
  await expect(train(other, { ...context, checkpoints: folder })).rejects.toMatchObject({ code: 'train.checkpoint' });
  await expect(train(counting(zero()), { ...context, seed: 2, checkpoints: folder })).rejects.toMatchObject({
    code: 'train.checkpoint',
  });
});

test('a loss that is no number is refused with its epoch and step', async () => {
  const broken = counting(zero(), { lossAt: (step) => (step === 6 ? NaN : 1) });
  await expect(train(broken, context)).rejects.toMatchObject({ code: 'train.not-finite', message: /epoch 2, step 3/ });
});

test('the term of the loss that is no number is named', async () => {
  const broken: Training = {
    ...counting(zero()),
    begin: () => ({
      steps: 4,
      step: (index) => {
        const part = torch.tensor(index === 2 ? Infinity : 1);
        return { loss: part.add(1), likeness: torch.tensor(0), balance: part };
      },
    }),
  };
  await expect(train(broken, context)).rejects.toMatchObject({
    message: /term balance of the loss is Infinity in epoch 1, step 3/,
  });
});

test('terms of the loss, numbers of the training and the speed are told', async () => {
  const events: MusterEvent[] = [];
  const told: Training = {
    ...counting(zero(), { epochs: 1 }),
    begin: () => ({
      steps: 4,
      images: 40,
      step: (index): StepLoss =>
        index < 2 ? { loss: torch.tensor(1), turns: torch.tensor(3) } : { loss: torch.tensor(2) },
    }),
    report: (epoch) => ({ rate: epoch + 0.5 }),
  };
  await train(told, { ...context, emit: (event) => events.push(event) });
  expect(events).toHaveLength(1);
  expect(events[0]?.values).toMatchObject({ loss: 1.5, turns: 3, rate: 0.5 });
  expect(events[0]?.values?.['imagesPerSecond']).toBeGreaterThan(0);
});

test('a collapse of the groups is said once, by the training itself', async () => {
  const warningsOf = async (used: readonly number[], groups = 9): Promise<MusterEvent[]> => {
    const events: MusterEvent[] = [];
    const told = {
      ...counting(zero()),
      groups,
      report: (epoch: number) => ({ usedGroups: used[epoch] ?? Number.NaN }),
    };
    await train(told, { ...context, emit: (event) => events.push(event) });
    return events.filter(({ level }) => level === 'warning');
  };
  const [warning, ...more] = await warningsOf([3, 2.9, 1]);
  expect(warning).toMatchObject({
    stage: 'counting',
    message: /collapsing: 2.9 of 9.*epoch 2/,
    values: { usedGroups: 2.9 },
  });
  expect(more).toEqual([]);
  expect(await warningsOf([3, 4, 9])).toEqual([]);
  expect(await warningsOf([2, 2, 1], 2)).toHaveLength(1);
  expect(await warningsOf([1, 1, 1], 1)).toEqual([]);
});

test('sums of an epoch’s figures go on with it, are not wanted by a branch, and may be missing in a file', async () => {
  const sums = zero();
  const watched = (weight: Tensor, onStep = (_: number): void => undefined): Training => {
    const training = counting(weight, { onStep: (step) => (sums.add_(1), onStep(step)) });
    return {
      ...training,
      figures: () => new Map([['figures', sums]]),
      begin: (epoch, resumed) => {
        if (!resumed) sums.zero_();
        return training.begin(epoch, resumed);
      },
      report: () => ({ steps: sums.item() }),
    };
  };
  const stop = new AbortController();
  const stopped = watched(zero(), (step) => (step === 5 ? stop.abort() : undefined));
  const own = { ...context, checkpoints: folder };
  await expect(train(stopped, { ...own, signal: stop.signal })).rejects.toThrow();
  sums.fill_(100);
  const told: unknown[] = [];
  const emit = ({ values }: MusterEvent): void => void told.push(values?.['steps']);
  await train(watched(zero()), { ...own, emit });
  expect(told).toEqual([4, 4]);

  const older = { folder, name: 'older', fingerprint: 'x seed 1' };
  writeCheckpoint(older, counting(zero()).state(), { epoch: 1, step: 0 });
  await train({ ...watched(zero()), name: 'older' }, own);
  await train(watched(zero()), { ...context, branch: join(folder, 'counting.safetensors') });
});

test('a long epoch tells how far it is', async () => {
  const events: MusterEvent[] = [];
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 40));
  try {
    const slow: Training = {
      ...counting(zero()),
      epochs: 1,
      begin: () => ({ steps: 60, step: () => torch.tensor(2) }),
    };
    await train(slow, { ...context, emit: (event) => events.push(event) });
  } finally {
    clock.mockRestore();
  }
  expect(events.length).toBeGreaterThan(3);
  const inside = events.slice(0, -1);
  for (const { done = 0, values } of inside) expect(done).toBeCloseTo((values?.['step'] ?? -1) / 60, 9);
  expect(inside.every(({ values }) => values?.['loss'] === 2)).toBe(true);
  expect(events.at(-1)).toMatchObject({ done: 1, total: 1 });
});

test('batches are loaded in order, one ahead of the step, and freed', async () => {
  const base = counting(zero());
  const before = torch.liveTensors();
  const log: string[] = [];
  const loading: Training<{ images: Tensor; rows: number[] }> = {
    ...base,
    epochs: 2,
    state: () => new Map(),
    begin: async (epoch) => {
      await Promise.resolve();
      return {
        steps: 3,
        load: async (index) => {
          log.push(`load ${epoch}.${index}`);
          await Promise.resolve();
          return { images: torch.ones([2]), rows: [index] };
        },
        step: (index, { images, rows }) => {
          expect(rows).toEqual([index]);
          log.push(`step ${epoch}.${index}`);
          return images.sum();
        },
      };
    },
  };
  await train(loading, context);
  const epoch = (n: number): string[] =>
    ['load 0', 'load 1', 'step 0', 'load 2', 'step 1', 'step 2'].map((one) => one.replace(' ', ` ${n}.`));
  expect(log).toEqual([...epoch(0), ...epoch(1)]);
  expect(torch.liveTensors()).toBe(before);
});

test('what fails while a batch is loaded ends the training, and nothing is left behind', async () => {
  const base = counting(zero());
  const before = torch.liveTensors();
  const failing = (bad: 'load' | 'step'): Training<Tensor> => ({
    ...base,
    state: () => new Map(),
    begin: () => ({
      steps: 5,
      load: (index) =>
        bad === 'load' && index === 3 ? Promise.reject(new Error('no disk')) : Promise.resolve(torch.ones([2])),
      step: (index, batch) => {
        if (bad === 'step' && index === 3) throw new Error('no step');
        return batch.sum();
      },
    }),
  });
  await expect(train(failing('load'), context)).rejects.toThrow('no disk');
  await expect(train(failing('step'), context)).rejects.toThrow('no step');
  expect(torch.liveTensors()).toBe(before);
});

test('every n-th checkpoint is kept, and another training branches from one', async () => {
  await train(counting(zero(), { epochs: 5 }), { ...context, checkpoints: folder, keepEvery: 2 });
  expect(readdirSync(folder).sort()).toEqual([
    'counting-e0002.safetensors',
    'counting-e0004.safetensors',
    'counting.safetensors',
  ]);
  const kept = keptCheckpoints(folder);
  expect(kept.map(({ training, epoch }) => [training, epoch])).toEqual([
    ['counting', 2],
    ['counting', 4],
  ]);
  const branch = kept[0]?.path ?? '';
  const weight = zero();
  const other = { ...counting(weight, { epochs: 3, lossAt: (step) => step }), fingerprint: 'other options' };
  const own = join(folder, 'other');
  await expect(train(other, { ...context, checkpoints: own, branch })).resolves.toBe(9.5);
  expect(weight.item()).toBe(123_412_341_234);
  // Its own checkpoint comes first from now on.
  await train({ ...other, begin: () => expect.unreachable() }, { ...context, checkpoints: own, branch });
});

test('an epoch that was begun before says so, and its mean loss is that of the whole epoch', async () => {
  const stop = new AbortController();
  const run = (signal?: AbortSignal): Promise<[number, boolean[]]> => {
    const resumed: boolean[] = [];
    const training = counting(zero(), { epochs: 2, lossAt: (step) => step ** 2 / 3 });
    return train(
      {
        ...training,
        begin: async (epoch, again) => {
          resumed.push(again);
          const whole = await training.begin(epoch, again);
          return {
            ...whole,
            step: (index) => {
              if (epoch === 1 && index === 1) stop.abort();
              return whole.step(index, undefined);
            },
          };
        },
      },
      { ...context, checkpoints: folder, signal },
    ).then((loss) => [loss, resumed]);
  };
  await expect(run(stop.signal)).rejects.toThrow();
  expect(readCheckpoint({ folder, name: 'counting', fingerprint: 'x seed 1' }, new Map())).toMatchObject({
    epoch: 1,
    step: 2,
  });
  const [loss, resumed] = await run();
  expect(resumed).toEqual([true]);
  const whole = await train(counting(zero(), { epochs: 2, lossAt: (step) => step ** 2 / 3 }), context);
  expect(loss).toBe(whole);
  expect(loss).toBeCloseTo(10.5, 5);
});
