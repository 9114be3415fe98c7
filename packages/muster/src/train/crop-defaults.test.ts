import { expect, test } from 'vitest';
import { defaultCrop, epochsAt, requireCrops } from './crop-defaults.ts';

test('crops show 20 of 32 pixels, and as much of other images', () => {
  expect([32, 64, 96, 28, 1].map((side) => defaultCrop({ height: side, width: side + 5 }))).toEqual([
    20, 40, 60, 18, 1,
  ]);
});

test('shares of a training are whole epochs of it', () => {
  expect(epochsAt([0.3, 0.6, 0.8], 200)).toEqual([60, 120, 160]);
  expect(epochsAt([3 / 4], 400)).toEqual([300]);
  expect(epochsAt([3 / 4], 0)).toEqual([0]);
});

test('a crop that is larger than the images is refused by the name of its option', () => {
  requireCrops('crops', [16, 12], { height: 16, width: 20 });
  expect(() => requireCrops('crops', [12, 17], { height: 16, width: 20 })).toThrow(
    /crops: a crop of 17 px does not fit images of 20 x 16 px.*--set crops=.*--size/u,
  );
});
