import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { jitter } from './colour-jitter.ts';
import { autocontrast, equalise, posterise, sharpen } from './levels.ts';
import { warp } from './rotate.ts';
import { solariseFrom } from './solarise.ts';
import { onChosen, onPlanes, scalars, take } from './transform.ts';
import type { Transform } from './transform.ts';

/** SCAN's list: each operation with the range of its magnitude. */
export const randAugmentList = [
  { name: 'identity', low: 0, high: 1 },
  { name: 'autocontrast', low: 0, high: 1 },
  { name: 'equalise', low: 0, high: 1 },
  /** Degrees. */
  { name: 'rotate', low: -30, high: 30 },
  /** Threshold of 256 levels. */
  { name: 'solarise', low: 0, high: 256 },
  { name: 'colour', low: 0.05, high: 0.95 },
  { name: 'contrast', low: 0.05, high: 0.95 },
  { name: 'brightness', low: 0.05, high: 0.95 },
  { name: 'sharpness', low: 0.05, high: 0.95 },
  /** Pixels for each pixel of the other axis. */
  { name: 'shear-x', low: -0.1, high: 0.1 },
  /** Shares of the side. */
  { name: 'translate-x', low: -0.1, high: 0.1 },
  { name: 'translate-y', low: -0.1, high: 0.1 },
  /** Bits, cut to a whole number. */
  { name: 'posterise', low: 4, high: 8 },
  { name: 'shear-y', low: -0.1, high: 0.1 },
] as const;

/** One of the list. */
export type RandAugmentOperation = (typeof randAugmentList)[number]['name'];

/**
 * Operations of {@link randAugmentList} drawn for each image with replacement, each with a magnitude drawn from its range.
 * The code flips the sign of the geometric ones with probability .5: their ranges are symmetric, so that changes nothing.
 *
 * @source SCAN's code: 4 operations
 */
export function randAugment({ operations }: { readonly operations: number }): Transform {
  return (images, draws) =>
    onPlanes(images, (planes) => {
      let current = planes;
      for (let round = 0; round < operations; round++) {
        const choice = draws.below(`randaugment.choice.${round}`, randAugmentList.length);
        const shares = draws.uniform(`randaugment.magnitude.${round}`);
        const chosen = Array.from(choice, (at) => randAugmentList[at] ?? randAugmentList[0]);
        const magnitudes = chosen.map(({ low, high }, image) => low + (high - low) * (shares[image] ?? 0));
        current = applyOperations(
          current,
          chosen.map(({ name }) => name),
          magnitudes,
        );
      }
      return current;
    });
}

type Apply = (some: Tensor, magnitudes: Float64Array, names: readonly RandAugmentOperation[]) => Tensor;

/**
 * Applies one operation to each image. Those of one kind are done together.
 *
 * @param images float [n, 3, h, w] in 0..1
 * @param names n operations
 * @param magnitudes n numbers, in the units of {@link randAugmentList}
 */
export function applyOperations(
  images: Tensor,
  names: readonly RandAugmentOperation[],
  magnitudes: ArrayLike<number>,
): Tensor {
  return torch.scope(() => {
    let current = images;
    for (const [apply, kinds] of FAMILIES) {
      const chosen = names.map((name) => kinds.includes(name));
      current = onChosen(current, chosen, (some, places) =>
        apply(
          some,
          take(magnitudes, places),
          Array.from(places, (place) => names[place] ?? 'identity'),
        ),
      );
    }
    return current;
  });
}

const FAMILIES: readonly (readonly [Apply, readonly RandAugmentOperation[]])[] = [
  [autocontrast, ['autocontrast']],
  [equalise, ['equalise']],
  [(some, magnitudes) => solariseFrom(some, column(some, magnitudes).div(255)), ['solarise']],
  [(some, magnitudes) => sharpen(some, column(some, magnitudes)), ['sharpness']],
  [(some, magnitudes) => posterise(some, column(some, magnitudes).floor_()), ['posterise']],
  [changeColours, ['colour', 'contrast', 'brightness']],
  [changeShape, ['rotate', 'shear-x', 'shear-y', 'translate-x', 'translate-y']],
];

const JITTER_ORDER = { brightness: 0, contrast: 1, colour: 2 } as const;

function changeColours(some: Tensor, factors: Float64Array, names: readonly RandAugmentOperation[]): Tensor {
  const order = names.map((name) =>
    name === 'colour' || name === 'contrast' || name === 'brightness' ? JITTER_ORDER[name] : -1,
  );
  return jitter(some, { brightness: factors, contrast: factors, saturation: factors, hue: factors, order });
}

/** Turned about the centre, sheared from the first row or column, or moved; the nearest pixel, black outside. */
function changeShape(some: Tensor, magnitudes: Float64Array, names: readonly RandAugmentOperation[]): Tensor {
  const [, , height = 0, width = 0] = some.shape;
  const of = (wanted: RandAugmentOperation) => magnitudes.map((value, at) => (names[at] === wanted ? value : 0));
  const angles = of('rotate').map((degrees) => (degrees * Math.PI) / 180);
  const [shearX, shearY] = [of('shear-x'), of('shear-y')];
  const sum = (a: Float64Array, b: Float64Array, scale: number) => a.map((value, at) => value + scale * (b[at] ?? 0));
  return warp(
    some,
    {
      xx: angles.map(Math.cos),
      xy: sum(shearX, angles.map(Math.sin), -1),
      yx: sum(shearY, angles.map(Math.sin), 1),
      yy: angles.map(Math.cos),
      x0: sum(
        of('translate-x').map((share) => share * width),
        shearX,
        height / 2,
      ),
      y0: sum(
        of('translate-y').map((share) => share * height),
        shearY,
        width / 2,
      ),
    },
    'nearest',
  );
}

function column(some: Tensor, values: ArrayLike<number>): Tensor {
  return scalars([values], some.device)[0];
}
