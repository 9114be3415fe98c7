import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { centreSpan } from './crop.ts';
import type { Span } from './crop.ts';
import { resizedSize } from './geometry.ts';
import type { Filter, Geometry, Size } from './geometry.ts';
import { resizeWindow } from './resize-window.ts';

/** Above this many pixels a resized picture is not made whole where only its centre is wanted. */
const WHOLE_PIXELS = 4_000_000;

/**
 * Resizes pictures to an exact size, antialiased. float32 is neither rounded nor clamped (torchvision's tensors);
 * uint8 is rounded and clamped after each of the two passes (Pillow's, within one level of it but for overshoots).
 *
 * @param images [n, c, h, w] float32 or uint8; uint8 is fastest channels-last
 * @returns [n, c, size], the caller's
 */
export function resize(images: Tensor, size: Size, filter: Filter): Tensor {
  const [, , height, width] = images.shape;
  if (height === size[0] && width === size[1]) return images.clone();
  return filter === 'bilinear'
    ? torch.op['aten::_upsample_bilinear2d_aa'](images, [...size], false)
    : torch.op['aten::_upsample_bicubic2d_aa'](images, [...size], false);
}

/**
 * Resizes and crops pictures of one size. Result and arithmetic as {@link resize}.
 *
 * @param images [n, c, h, w] float32 or uint8
 * @returns [n, c, h', w'], the caller's
 * @source torchvision's Resize and CenterCrop (halves rounded to even, zeros around a picture that is too small)
 */
export function resizeCrop(images: Tensor, geometry: Geometry): Tensor {
  const { crop, filter, order = 'resize-crop' } = geometry;
  return torch.scope(() => {
    if (order === 'crop-resize') {
      const window = crop === null ? images : centreCrop(images, crop);
      return resize(window, resizedSize(sizeOf(window), geometry.resize), filter);
    }
    const size = resizedSize(sizeOf(images), geometry.resize);
    if (crop === null) return resize(images, size, filter);
    return centreCrop(resizeCentre(images, size, crop, filter), crop).clone();
  });
}

/**
 * The central square, with zeros where the picture is smaller.
 *
 * @param images [n, c, h, w]
 * @returns [n, c, crop, crop], a view where nothing had to be added
 */
export function centreCrop(images: Tensor, crop: number): Tensor {
  const [height, width] = sizeOf(images);
  const [rows, columns] = [centreSpan(height, crop), centreSpan(width, crop)];
  const window = images.narrow(2, rows.from, rows.count).narrow(3, columns.from, columns.count);
  if (rows.count === crop && columns.count === crop) return window;
  const after = (span: Span) => crop - span.to - span.count;
  return torch.constantPadNd(window, [columns.to, after(columns), rows.to, after(rows)], 0);
}

/** Resizes to `size`, leaving out what a central square of `crop` would not show where the whole would be huge. */
export function resizeCentre(images: Tensor, size: Size, crop: number | null, filter: Filter): Tensor {
  if (crop === null || size[0] * size[1] <= WHOLE_PIXELS) return resize(images, size, filter);
  const [rows, columns] = [centreSpan(size[0], crop), centreSpan(size[1], crop)];
  const window = { top: rows.from, left: columns.from, height: rows.count, width: columns.count };
  return resizeWindow(images, size, window, filter);
}

/** A picture's bytes as [1, 3, h, w] uint8, channels-last, over the same memory. */
export function imageTensor(image: { width: number; height: number; rgb: Uint8Array }): Tensor {
  return torch.scope(() => torch.tensor(image.rgb, [1, image.height, image.width, 3]).permute([0, 3, 1, 2]));
}

function sizeOf(images: Tensor): Size {
  const [, , height, width] = images.shape;
  return [height ?? 0, width ?? 0];
}
