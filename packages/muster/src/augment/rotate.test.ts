import { expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { quarterTurns } from './quarter-turns.ts';
import { rotateBy, warp } from './rotate.ts';

const image = torch.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);

test.each(['nearest', 'bilinear'] as const)('quarter turns by angle are quarter turns, %s', (filter) => {
  torch.scope(() => {
    const four = image.expand([4, 1, 3, 3]);
    const turned = rotateBy(four, [0, 90, 180, 270], filter);
    expect(turned.sub(quarterTurns(image).images).abs().max().item()).toBeLessThan(1e-5);
  });
});

test('quarterTurns: image by image, counter-clockwise', () => {
  torch.scope(() => {
    const { images, labels } = quarterTurns(torch.cat([image, image.neg()]));
    expect(labels.toNumbers()).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(images.select(0, 1).toNested()).toEqual([
      [
        [3, 6, 9],
        [2, 5, 8],
        [1, 4, 7],
      ],
    ]);
    expect(images.select(0, 7).toNested()).toEqual([
      [
        [-7, -4, -1],
        [-8, -5, -2],
        [-9, -6, -3],
      ],
    ]);
  });
});

test('a turn by 45 degrees leaves the corners of a square empty, and the centre in place', () => {
  torch.scope(() => {
    const white = torch.zeros([1, 1, 21, 21]).add(1);
    white.select(3, 10).select(2, 10).fill_(5);
    const turned = rotateBy(white, [45], 'nearest');
    expect(turned.select(3, 0).select(2, 0).item()).toBe(0);
    expect(turned.select(3, 10).select(2, 10).item()).toBe(5);
    expect(turned.sum().item() - 5).toBeCloseTo(21 * 21 * (2 * Math.SQRT2 - 2), -1.3); // area of two squares' overlap
  });
});

test('warp moves by pixels: what was to the right comes to the left', () => {
  torch.scope(() => {
    const map = { xx: [1], xy: [0], yx: [0], yy: [1], x0: [1], y0: [0] };
    for (const filter of ['nearest', 'bilinear'] as const) {
      expect(warp(image, map, filter).round().toNested()).toEqual([
        [
          [
            [2, 3, 0],
            [5, 6, 0],
            [8, 9, 0],
          ],
        ],
      ]);
    }
  });
});
