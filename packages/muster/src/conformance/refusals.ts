import assert from 'node:assert/strict';
import type { Tensor } from '@muster/torch';
import type { ImageData } from '../train/index.ts';

/** Fits on changed images with further options. */
type FitChanged = (change: (pixels: Tensor) => Tensor, more: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Other numbers, other channels, no images. */
const NO_IMAGES: readonly ((pixels: Tensor) => Tensor)[] = [
  (pixels) => pixels.to('float32'),
  (pixels) => pixels.narrow(3, 0, 2).clone(),
  (pixels) => pixels.narrow(0, 0, 0).clone(),
];

/** Demands that what are no images is refused, and unknown options by name. */
export async function demandRefusals(fit: FitChanged): Promise<void> {
  for (const change of NO_IMAGES) await assert.rejects(fit(change, {}), { code: 'train.pixels' });
  await assert.rejects(
    fit((pixels) => pixels, { grops: 3 }),
    { code: 'method.options', message: /grops/ },
  );
}

/** Data that fail where anything but the pixels is looked at. */
export function onlyPixels(data: ImageData): ImageData {
  return new Proxy(data, {
    get: (target, key) => {
      assert.equal(key, 'pixels');
      return Reflect.get(target, key) as unknown;
    },
  });
}

/** Images of a collection that are all equal to its first. */
export function equalImages(pixels: Tensor): Tensor {
  return pixels.narrow(0, 0, 1).expand(pixels.shape).contiguous();
}
