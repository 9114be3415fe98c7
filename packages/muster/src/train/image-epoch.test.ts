import { expect, test } from 'vitest';
import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { decayingRates } from './decaying-rates.ts';
import { fullBatches, imageEpoch, joinEpochs } from './image-epoch.ts';

const pixels = tensor(
  Uint8Array.from({ length: 5 * 2 * 2 }, (_, at) => Math.floor(at / 4)),
  [5, 2, 2, 1],
);

/** An epoch whose steps write down the images that they get. */
function recording(batches: readonly number[][], seen: number[][]): ReturnType<typeof imageEpoch> {
  return imageEpoch({
    pixels,
    batches: batches.map((rows) => Int32Array.from(rows)),
    step: (images, rows) => {
      expect(images.shape).toEqual([rows.length, 1, 2, 2]);
      seen.push(images.select(1, 0).select(1, 0).select(1, 0).toNumbers());
      return tensor(0);
    },
  });
}

async function run(epoch: {
  steps: number;
  load?(index: number): Promise<Tensor>;
  step(index: number, batch: Tensor): unknown;
}): Promise<void> {
  for (let index = 0; index < epoch.steps; index++) {
    const batch = await epoch.load?.(index);
    if (batch === undefined) throw new Error('nothing was loaded');
    scope(() => void epoch.step(index, batch));
    batch.dispose();
  }
}

test('every step gets the images of its rows', async () => {
  const seen: number[][] = [];
  const epoch = recording([[4, 0, 2], [3]], seen);
  expect(epoch).toMatchObject({ steps: 2, images: 4 });
  await run(epoch);
  expect(seen).toEqual([[4, 0, 2], [3]]);
});

test('epochs joined run one after the other', async () => {
  const seen: number[][] = [];
  const joined = joinEpochs(recording([[1], [2, 3]], seen), recording([], seen), recording([[4]], seen));
  expect(joined).toMatchObject({ steps: 3, images: 4 });
  await run(joined);
  expect(seen).toEqual([[1], [2, 3], [4]]);
  await expect(joined.load?.(3)).rejects.toThrow(/no step 3/);
});

test('only full batches, or all where none is full', () => {
  const [full, part] = [Int32Array.of(1, 2), Int32Array.of(3)];
  expect(fullBatches([full, part], 2)).toEqual([full]);
  expect(fullBatches([part], 2)).toEqual([part]);
});

test('rates rise over the warm-up and fall at their epochs', () => {
  const rates = decayingRates({ rate: 1, epochs: 6, decayAt: [3, 5], decayBy: 0.5, warmup: 2 });
  expect([...rates]).toEqual([0.5, 1, 1, 0.5, 0.5, 0.25]);
});
