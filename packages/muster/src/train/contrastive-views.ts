import {
  colourJitter,
  compose,
  centreCropResize,
  cutout,
  greyscale,
  horizontalFlip,
  normalise,
  randAugment,
  randomCrop,
  randomResizedCrop,
} from '../augment/index.ts';
import type { Transform } from '../augment/index.ts';
import type { ImageShape } from './image-data.ts';

/** What the views of SimCLR and SCAN have in common. */
export interface ContrastiveViewOptions {
  /** Side of what the network sees, in pixels. */
  readonly size: number;
  /** Of the channels on the scale 0..1: 1 or 3 numbers. */
  readonly mean: readonly number[];
  readonly sd: readonly number[];
}

/** Views for a look at them: of the images' own size unless another is given, and without normalisation. */
export function shownAs(
  { height, width, channels }: ImageShape,
  size = Math.min(height, width),
): ContrastiveViewOptions {
  return { size, mean: Array<number>(channels).fill(0), sd: Array<number>(channels).fill(1) };
}

/**
 * A view of the pretext: a random part of the image in colours of its own.
 *
 * @param options.least share of the area that a part has at least, .2 in SCAN's recipes
 * @source SCAN's code: crop, flip, jitter (.4, .4, .4, .1) with p .8, grey with p .2
 */
export function contrastiveView({ size, mean, sd, least }: ContrastiveViewOptions & { least: number }): Transform {
  return compose(
    randomResizedCrop({ size, scale: [least, 1] }),
    horizontalFlip({ p: 0.5 }),
    colourJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 }),
    greyscale({ p: 0.2 }),
    normalise({ mean, sd }),
  );
}

/** The image as it is: its centre, normalised. Nothing is drawn. */
export function plainView({ size, mean, sd }: ContrastiveViewOptions): Transform {
  return compose(centreCropResize({ crop: size, output: size }), normalise({ mean, sd }));
}

/**
 * SCAN's strong view.
 *
 * @param options.operations of RandAugment's list, drawn for each image: 4
 * @param options.cutout sides of the hole in pixels, drawn between these: 1 to 16 (CIFAR), 1 to 32 (STL-10)
 * @source SCAN's code: flip, crop to the size, RandAugment, normalise, Cutout
 */
export function strongView(
  { size, mean, sd }: ContrastiveViewOptions,
  { operations, cutout: edge }: { operations: number; cutout: readonly [number, number] },
): Transform {
  return compose(
    horizontalFlip({ p: 0.5 }),
    randomCrop({ sizes: [size], output: size }),
    randAugment({ operations }),
    normalise({ mean, sd }),
    cutout({ edge }),
  );
}
