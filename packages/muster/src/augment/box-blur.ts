import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { convolveBoth } from './gaussian-blur.ts';
import { onChosen, onPlanes } from './transform.ts';
import type { Transform } from './transform.ts';

/** How much, and how often. */
export interface BoxBlurOptions {
  /** Least and largest radius in pixels: the standard deviation that is meant. */
  readonly sigma: readonly [low: number, high: number];
  readonly p: number;
}

/** Pillow's Gaussian blur without its rounding, with probability `p`: what ViT-IC, PICI and DINO blur by. */
export function boxBlur({ sigma, p }: BoxBlurOptions): Transform {
  return (images, draws) => {
    const sigmas = draws.uniform('blur.sigma', sigma[0], sigma[1]);
    return onChosen(images, draws.chance('blur', p), (some, places) =>
      boxBlurBy(
        some,
        Float64Array.from(places, (place) => sigmas[place] ?? 1),
      ),
    );
  };
}

/** A box of 2 `reach` + 1 pixels of weight 1 and one more at each end of weight `edge`, to be divided by their sum. */
export interface ExtendedBox {
  readonly reach: number;
  readonly edge: number;
}

const PASSES = 3;

/**
 * The box whose three passes have the spread of a Gaussian.
 *
 * @source Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box filtering"; Pillow, BoxBlur.c
 */
export function extendedBox(sigma: number): ExtendedBox {
  const variance = sigma ** 2 / PASSES;
  const reach = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const edge = ((2 * reach + 1) * (reach * (reach + 1) - 3 * variance)) / (6 * (variance - (reach + 1) ** 2));
  return { reach, edge };
}

/**
 * Blurs each image by three passes of its own extended box along each axis; the edge pixel goes on beyond the border.
 *
 * @param images float [n, c, h, w]
 * @param sigmas n standard deviations in pixels
 */
export function boxBlurBy(images: Tensor, sigmas: ArrayLike<number>): Tensor {
  const boxes = Array.from(sigmas, extendedBox);
  const reach = Math.max(0, ...boxes.map((box) => box.reach)) + 1;
  const kernel = 2 * reach + 1;
  const weights = new Float32Array(boxes.length * kernel);
  boxes.forEach((box, image) => {
    const total = 2 * (box.reach + box.edge) + 1;
    for (let at = -box.reach - 1; at <= box.reach + 1; at++) {
      weights[image * kernel + reach + at] = (Math.abs(at) <= box.reach ? 1 : box.edge) / total;
    }
  });
  return onPlanes(images, (planes) => {
    const own = torch.tensor(weights, [boxes.length, kernel]).to({ device: images.device });
    let blurred = planes;
    for (let pass = 0; pass < PASSES; pass++) blurred = convolveBoth(blurred, own, 'replicate');
    return blurred;
  });
}
