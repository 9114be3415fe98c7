import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { train } from './epochs.ts';
import type { Training } from './epochs.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-train-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

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

const zero = (): Tensor => torch.zeros([1], { dtype: 'float64' });
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
