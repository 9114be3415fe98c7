import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { resize } from '../image/index.ts';
import type { Filter, Size } from '../image/index.ts';
import { axisWeights } from './axis-weights.ts';
import { onPlanes, perImage } from './transform.ts';

/** A window for each image, in whole pixels. */
export interface Boxes {
  readonly top: ArrayLike<number>;
  readonly left: ArrayLike<number>;
  readonly height: ArrayLike<number>;
  readonly width: ArrayLike<number>;
}

/** From this many (pixels before times pixels after) on an axis, images are resized one by one on a CPU. */
const DENSE = 100 * 100;

/**
 * Cuts a window of its own out of each image and resizes it, antialiased. float: neither rounded nor clamped. uint8: large
 * images are worked on in 8 bits as Pillow does, rounded and clamped after each of the two passes, which is the fastest;
 * small ones in float.
 *
 * @param images [n, c, h, w] float32, bfloat16, or uint8 0..255
 * @returns [n, c, size], float in the images' dtype, of uint8 float32 in 0..1; the caller's
 */
export function resizedCrop(images: Tensor, boxes: Boxes, size: Size, filter: Filter): Tensor {
  const [, , height = 0, width = 0] = images.shape;
  const dense = Math.max(height * size[0], width * size[1]) < DENSE || images.device !== 'cpu';
  if (images.dtype !== 'uint8') {
    return onPlanes(images, (planes) =>
      dense ? byProducts(planes, boxes, size, filter) : torch.cat(oneByOne(planes, boxes, size, filter)),
    );
  }
  return torch.scope(() => {
    if (dense) return byProducts(images.contiguous().to('float32').div_(255), boxes, size, filter);
    return resizedCropBytes(images, boxes, size, filter).contiguous().to('float32').div_(255);
  });
}

/** As {@link resizedCrop} of large uint8 images, whatever their size. @returns uint8 */
export function resizedCropBytes(images: Tensor, boxes: Boxes, size: Size, filter: Filter): Tensor {
  const memoryFormat = 'channelsLast'; // the layout of the engine's fast kernel
  return torch.scope(() => torch.cat(oneByOne(images.contiguous({ memoryFormat }), boxes, size, filter)));
}

/** Both passes of all images as two batched products with matrices of their windows. */
function byProducts(planes: Tensor, boxes: Boxes, [toHeight, toWidth]: Size, filter: Filter): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = planes.shape;
  const numbers = perImage([boxes.top, boxes.left, boxes.height, boxes.width], planes.device).view([
    2,
    2 * count,
    1,
    1,
  ]);
  const [starts, lengths] = [numbers.select(0, 0), numbers.select(0, 1)]; // of rows, then of columns
  let [down, across]: Tensor[] = [];
  if (height === width && toHeight === toWidth) {
    const both = axisWeights(starts, lengths, height, toHeight, filter);
    [down, across] = [both.narrow(0, 0, count), both.narrow(0, count, count)];
  } else {
    const part = (numbersOf: Tensor, from: number) => numbersOf.narrow(0, from, count);
    down = axisWeights(part(starts, 0), part(lengths, 0), height, toHeight, filter);
    across = axisWeights(part(starts, count), part(lengths, count), width, toWidth, filter);
  }
  const rows = planes.view([count, channels * height, width]).bmm(across.transpose(1, 2));
  return down.unsqueeze(1).matmul(rows.view([count, channels, height, toWidth]));
}

function oneByOne(images: Tensor, { top, left, height, width }: Boxes, size: Size, filter: Filter): Tensor[] {
  return Array.from({ length: images.shape[0] ?? 0 }, (_, at) => {
    const rows = images.narrow(0, at, 1).narrow(2, top[at] ?? 0, height[at] ?? 0);
    return resize(rows.narrow(3, left[at] ?? 0, width[at] ?? 0), size, filter);
  });
}
