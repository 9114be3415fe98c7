import { MusterError } from '../base/index.ts';
import type { ImageShape } from './image-data.ts';

/** What crops show by default of an image's side, MMDC's 20 of 32 pixels. */
const CROP_SHARE = 5 / 8;

/** Height and width of images. */
type Sides = Pick<ImageShape, 'height' | 'width'>;

/** Side of the square crops of images where none is given: 20 of 32 pixels, and as much of others. */
export function defaultCrop({ height, width }: Sides): number {
  return Math.max(1, Math.round(CROP_SHARE * Math.min(height, width)));
}

/**
 * Refuses crops that are larger than the images.
 *
 * @param option name of the option that they are given by
 * @throws MusterError `train.crop`
 */
export function requireCrops(option: string, sides: readonly number[], { height, width }: Sides): void {
  const largest = Math.max(...sides);
  if (largest <= Math.min(height, width)) return;
  throw new MusterError(
    'train.crop',
    `${option}: a crop of ${largest} px does not fit images of ${width} x ${height} px`,
    {
      kind: 'usage',
      fix: `leave ${option} out or make it smaller (--set ${option}=...), or take larger images (--size)`,
    },
  );
}

/** Epochs at shares of a training: for settings that have to come in its course, however long it is. */
export function epochsAt(shares: readonly number[], epochs: number): number[] {
  return shares.map((share) => Math.round(share * epochs));
}
