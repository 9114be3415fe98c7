import { expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { gatherPixels } from './gather.ts';
import { shuffledRows } from './shuffled-rows.ts';

test('images come in the order asked for, repeated ones too', async () => {
  const before = torch.liveTensors();
  const pixels = torch.tensor(
    Uint8Array.from({ length: 24 }, (_, i) => i),
    [4, 2, 3, 1],
  );
  const gathered = await gatherPixels(pixels, [3, 0, 3]);
  expect([gathered.dtype, gathered.shape]).toEqual(['uint8', [3, 2, 3, 1]]);
  expect(gathered.toNumbers()).toEqual([18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23]);
  gathered.dispose();
  await expect(gatherPixels(pixels, [4])).rejects.toThrow(/index/u);
  pixels.dispose();
  expect(torch.liveTensors()).toBe(before);
});

test('every row comes once, the last batch partly filled, another order each epoch and stream', () => {
  const order = (epoch: number, stream = 'a'): number[][] =>
    shuffledRows(10, 4, 5, epoch, stream).map((rows) => [...rows]);
  expect(order(0).map(({ length }) => length)).toEqual([4, 4, 2]);
  expect(
    order(0)
      .flat()
      .sort((a, b) => a - b),
  ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(order(0)).toEqual(order(0));
  expect(order(0)).not.toEqual(order(1));
  expect(order(0)).not.toEqual(order(0, 'b'));
  expect(() => shuffledRows(10, 0, 5, 0, 'a')).toThrow(/at least one/u);
});
