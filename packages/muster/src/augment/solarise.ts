import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { onChosen } from './transform.ts';
import type { Transform } from './transform.ts';

/** From which value on, and how often. */
export interface SolariseOptions {
  /** Values from here on (0..1) are inverted; 128 of 255 in the papers' codes. */
  readonly threshold: number;
  readonly p: number;
}

/** Inverts the bright values of an image, with probability `p`. */
export function solarise({ threshold, p }: SolariseOptions): Transform {
  return (images, draws) => onChosen(images, draws.chance('solarise', p), (some) => solariseFrom(some, threshold));
}

/**
 * Inverts values from a threshold on.
 *
 * @param images float [n, c, h, w] in 0..1
 * @param threshold in 0..1, or a tensor of them that spreads over the images
 */
export function solariseFrom(images: Tensor, threshold: number | Tensor): Tensor {
  return torch.scope(() => {
    const own = images.clone();
    const bright = typeof threshold === 'number' ? own.ge_(threshold) : own.ge_(threshold); // ones and zeros in float
    return torch.addcmul(images, bright, images.mul(-2).add_(1)); // x + (1 - 2 x) = 1 - x
  });
}
