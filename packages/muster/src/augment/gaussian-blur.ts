import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { onChosen, onPlanes, scalars } from './transform.ts';
import type { Transform } from './transform.ts';

/** How much, and how often. */
export interface GaussianBlurOptions {
  /** Points of the kernel, odd. */
  readonly kernel: number;
  /** Least and largest standard deviation in pixels. */
  readonly sigma: readonly [low: number, high: number];
  readonly p: number;
}

/** A Gaussian blur of random width, with probability `p`. @source torchvision's GaussianBlur, with p as in CC */
export function gaussianBlur({ kernel, sigma, p }: GaussianBlurOptions): Transform {
  return (images, draws) => {
    const sigmas = draws.uniform('blur.sigma', sigma[0], sigma[1]);
    return onChosen(images, draws.chance('blur', p), (some, places) =>
      gaussianBlurBy(
        some,
        Float64Array.from(places, (place) => sigmas[place] ?? 1),
        kernel,
      ),
    );
  };
}

/**
 * Blurs each image by a kernel exp(-i^2 / (2 sigma^2)) of its own, normalised, along both axes; borders are mirrored
 * without the edge pixel.
 *
 * @param images float [n, c, h, w], sides larger than half the kernel
 * @param sigmas n standard deviations in pixels
 * @param kernel points of the kernel, odd
 */
export function gaussianBlurBy(images: Tensor, sigmas: ArrayLike<number>, kernel: number): Tensor {
  return onPlanes(images, (planes) => {
    const reach = (kernel - 1) / 2;
    const [sigma] = scalars([sigmas], images.device);
    const steps = torch.arange(-reach, reach + 1, 1, { dtype: 'float32', device: images.device });
    const weights = steps
      .div(sigma.view([-1, 1]))
      .square_()
      .mul_(-0.5)
      .exp_(); // (n, kernel)
    return convolveBoth(planes, weights.div_(weights.sum([1], true)), 'reflect');
  });
}

/**
 * Weighted sums of each pixel's neighbours along rows, then along columns, each image by its own weights: as many shifted
 * additions as there are weights, which is faster than the engine's convolution with a group for each plane.
 *
 * @param weights float32 [n, odd]
 * @param border what goes on beyond it: the image mirrored without its edge pixel, or the edge pixel
 */
export function convolveBoth(planes: Tensor, weights: Tensor, border: 'reflect' | 'replicate'): Tensor {
  const pad = border === 'reflect' ? torch.reflectionPad2d : torch.replicationPad2d;
  const taps = weights.shape[1] ?? 1;
  const reach = (taps - 1) / 2;
  const each = weights.t().view([taps, -1, 1, 1, 1]).unbind(0); // of (n, 1, 1, 1)
  const along = (x: Tensor, axis: 2 | 3): Tensor => {
    const length = x.shape[axis] ?? 0;
    const padded = pad(x, axis === 3 ? [reach, reach, 0, 0] : [0, 0, reach, reach]);
    const sum = torch.zerosLike(x);
    each.forEach((weight, at) => sum.addcmul_(padded.narrow(axis, at, length), weight));
    return sum;
  };
  return along(along(planes, 3), 2);
}
