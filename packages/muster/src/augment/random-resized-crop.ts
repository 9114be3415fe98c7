import { roundHalfEven } from '../image/index.ts';
import type { Filter, Size } from '../image/index.ts';
import type { Draws } from './draws.ts';
import { resizedCrop } from './resized-crop.ts';
import type { Boxes } from './resized-crop.ts';
import type { Transform } from './transform.ts';

/** Which windows are cut and what is made of them. */
export interface RandomResizedCropOptions {
  /** Side of the result in pixels. */
  readonly size: number;
  /** Least and largest share of the image's area. */
  readonly scale: readonly [low: number, high: number];
  /** Least and largest width / height; default 3/4 to 4/3. */
  readonly ratio?: readonly [low: number, high: number];
  /** Default bilinear; DINO and MAE bicubic. */
  readonly filter?: Filter;
}

const TRIES = 10;

/** A window of random area and aspect ratio, resized. Takes uint8 too: see {@link resizedCrop}. */
export function randomResizedCrop(options: RandomResizedCropOptions): Transform {
  const { size, filter = 'bilinear' } = options;
  const crop: Transform = (images, draws) => {
    const [, , height = 0, width = 0] = images.shape;
    return resizedCrop(images, drawBoxes(draws, [height, width], options), [size, size], filter);
  };
  return Object.assign(crop, { takesBytes: true });
}

/**
 * Draws the windows: up to ten tries at an area and an aspect ratio that fit into the image; where none does, the largest
 * central window of an allowed ratio. As not every try fits, the areas are not uniform.
 *
 * @source torchvision, RandomResizedCrop.get_params
 */
export function drawBoxes(
  draws: Draws,
  [height, width]: Size,
  { scale, ratio = [3 / 4, 4 / 3] }: Pick<RandomResizedCropOptions, 'scale' | 'ratio'>,
): Boxes {
  const fallback = centralBox([height, width], ratio);
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  const whole = (value: number): Int32Array => new Int32Array(draws.count).fill(value);
  const heights = whole(0);
  const widths = whole(0);
  for (let at = 0; at < TRIES && heights.includes(0); at++) {
    const areas = draws.uniform(`crop.area.${at}`, scale[0], scale[1]);
    const aspects = draws.uniform(`crop.aspect.${at}`, low, high);
    areas.forEach((share, image) => {
      if (heights[image] !== 0) return;
      const area = share * height * width;
      const aspect = Math.exp(aspects[image] ?? 0);
      const [w, h] = [roundHalfEven(Math.sqrt(area * aspect)), roundHalfEven(Math.sqrt(area / aspect))];
      if (w > 0 && w <= width && h > 0 && h <= height) [heights[image], widths[image]] = [h, w];
    });
  }
  const place = (name: string, length: number, sides: Int32Array): Int32Array =>
    Int32Array.from(draws.uniform(name), (share, image) => Math.floor(share * (length - (sides[image] ?? 0) + 1)));
  const [top, left] = [place('crop.top', height, heights), place('crop.left', width, widths)];
  heights.forEach((side, image) => {
    if (side !== 0) return;
    [top[image], left[image], heights[image], widths[image]] = fallback;
  });
  return { top, left, height: heights, width: widths };
}

/** Top, left, height, width of the largest central window of an allowed ratio. */
function centralBox(
  [height, width]: Size,
  [narrow, wide]: readonly [number, number],
): [number, number, number, number] {
  const shape = width / height;
  const w = shape > wide ? roundHalfEven(height * wide) : width;
  const h = shape < narrow ? roundHalfEven(width / narrow) : height;
  return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
}
