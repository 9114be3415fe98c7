import * as torch from '@muster/torch';
import { expect, test } from 'vitest';
import { normalise } from './normalise.ts';

test('channel by channel, memory order kept', () => {
  const images = torch.tensor(Uint8Array.from([0, 51, 255, 102, 255, 0]), [1, 1, 2, 3]).permute([0, 3, 1, 2]);
  const result = normalise(images, { mean: [0, 0.2, 0.5], std: [1, 0.5, 0.25] });
  const wanted = [0, 0.4, 0, 1.6, 2, -2];
  result.toNumbers().forEach((value, at) => expect(value).toBeCloseTo(wanted[at] ?? Number.NaN, 6));
  expect([result.dtype, result.isContiguous('channelsLast')]).toEqual(['float32', true]);
});

test('wrong statistics are refused', () => {
  const images = torch.zeros([1, 3, 2, 2], { dtype: 'uint8' });
  expect(() => normalise(images, { mean: [0, 0], std: [1, 1] })).toThrow('expected [n, c, h, w]');
  expect(() => normalise(images, { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow('positive deviations');
});
