import { MusterError } from '../base/index.ts';
import type { Filter } from '../image/index.ts';
import { resizedCrop } from './resized-crop.ts';
import type { Transform } from './transform.ts';
import { windows } from './window.ts';

/** What to cut and what to make of it. */
export interface RandomCropOptions {
  /** Sides of the square windows in pixels; one is drawn for each image, all as likely. */
  readonly sizes: readonly number[];
  /** Side of the result in pixels. */
  readonly output: number;
  /** Default bilinear. */
  readonly filter?: Filter;
}

/**
 * A square window at a random place of each image, brought to one size.
 *
 * @throws MusterError `augment.crop` where an image is smaller than a window
 * @source MMDC's code (details of its views); torchvision's RandomCrop without padding
 */
export function randomCrop({ sizes, output, filter = 'bilinear' }: RandomCropOptions): Transform {
  return (images, draws) => {
    const [, , height = 0, width = 0] = images.shape;
    if (sizes.length === 0 || Math.max(...sizes) > Math.min(height, width)) {
      throw new MusterError(
        'augment.crop',
        `A window of ${sizes.join(', ')} px does not fit ${height} x ${width} px.`,
        {
          kind: 'usage',
          fix: 'take larger images or a smaller window',
        },
      );
    }
    const which = draws.below('crop.size', sizes.length);
    const side = Int32Array.from(which, (choice) => sizes[choice] ?? 0);
    const place = (name: string, length: number) =>
      draws.uniform(name).map((share, image) => Math.floor(share * (length - (side[image] ?? 0) + 1)));
    const [top, left] = [place('crop.top', height), place('crop.left', width)];
    if (sizes.every((size) => size === output)) return windows(images, top, left, [output, output]);
    return resizedCrop(images, { top, left, height: side, width: side }, [output, output], filter);
  };
}
