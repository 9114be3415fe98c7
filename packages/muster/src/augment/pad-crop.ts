import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { windows } from './window.ts';
import type { Transform } from './transform.ts';

/** What stands around an image: zeros, or the image mirrored without its edge pixel. */
export type PadMode = 'zero' | 'reflect';

/** How much is added and what is cut. */
export interface PadCropOptions {
  /** Pixels added on every side. */
  readonly padding: number;
  /** Side of the window in pixels. */
  readonly size: number;
  readonly mode: PadMode;
}

/** A window at a random place of the padded image, not resized. */
export function padCrop({ padding, size, mode }: PadCropOptions): Transform {
  return (images, draws) => {
    const [, , height = 0, width = 0] = images.shape;
    const place = (name: string, length: number) => draws.below(name, length + 2 * padding - size + 1);
    return padAndCut(images, { padding, size, mode }, place('crop.top', height), place('crop.left', width));
  };
}

/**
 * Pads images of any dtype and cuts a window at each image's own place.
 *
 * @param tops rows of the windows in the padded images
 * @param lefts columns
 */
export function padAndCut(
  images: Tensor,
  { padding, size, mode }: PadCropOptions,
  tops: ArrayLike<number>,
  lefts: ArrayLike<number>,
): Tensor {
  return torch.scope(() => {
    const around = [padding, padding, padding, padding];
    const padded =
      mode === 'zero' ? torch.constantPadNd(images, around, 0) : mirror(mirror(images, 2, padding), 3, padding);
    return windows(padded, tops, lefts, [size, size]);
  });
}

/** By index, since the engine's own mirroring does not take bytes. */
function mirror(images: Tensor, axis: number, padding: number): Tensor {
  const length = images.shape[axis] ?? 0;
  const index = torch.arange(-padding, length + padding, 1, { dtype: 'int64', device: images.device }).abs_();
  return images.indexSelect(
    axis,
    index
      .sub_(length - 1)
      .abs_()
      .neg_()
      .add_(length - 1),
  );
}
