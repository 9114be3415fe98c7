import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { extendedBox } from '../../../packages/muster/src/augment/index.ts';

/**
 * Pillow's GaussianBlur in its own 8-bit arithmetic: three passes of an extended box along x, then three along y, the edge
 * pixel going on beyond the border, each pass rounded.
 *
 * @param images float64 [n, c, h, w] of whole numbers 0..255
 * @source Pillow, BoxBlur.c
 */
export function gaussianBlurBytes(images: Tensor, sigma: number): Tensor {
  let blurred = images;
  for (const axis of [3, 2]) for (let pass = 0; pass < 3; pass++) blurred = boxPass(blurred, axis, sigma);
  return blurred;
}

function boxPass(images: Tensor, axis: number, sigma: number): Tensor {
  const { reach, edge } = extendedBox(sigma);
  const whole = Math.floor(2 ** 24 / (2 * (reach + edge) + 1));
  const part = Math.floor((2 ** 24 - (2 * reach + 1) * whole) / 2);
  const length = images.shape[axis] ?? 0;
  const shifted = (by: number): Tensor =>
    images.indexSelect(axis, torch.arange(by, by + length, 1, { dtype: 'int64' }).clamp(0, length - 1));
  let sum = shifted(-reach - 1)
    .add(shifted(reach + 1))
    .mul(part);
  for (let by = -reach; by <= reach; by++) sum = sum.add(shifted(by), { alpha: whole });
  return sum
    .add(2 ** 23)
    .div(2 ** 24)
    .floor();
}
