import type { Raster } from '../formats/index.ts';

/** Where a centred window meets an axis: `count` pixels from `from` on land at `to` on; the rest of the window is empty. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * The centred window of `crop` pixels on an axis of `length`: halves of an odd rest are rounded to the even number; on a
 * shorter axis the smaller part of the rest comes first.
 *
 * @source torchvision, functional.center_crop
 */
export function centreSpan(length: number, crop: number): Span {
  return length >= crop
    ? { from: roundHalfEven((length - crop) / 2), to: 0, count: crop }
    : { from: 0, to: Math.floor((crop - length) / 2), count: length };
}

/** The central square of a picture, black where the picture is smaller; the picture itself where it is that square. */
export function cropRaster(image: Raster, crop: number): Raster {
  const { width, height, rgb } = image;
  if (width === crop && height === crop) return image;
  const [rows, columns] = [centreSpan(height, crop), centreSpan(width, crop)];
  const square = new Uint8Array(crop * crop * 3);
  for (let row = 0; row < rows.count; row++) {
    const start = ((rows.from + row) * width + columns.from) * 3;
    square.set(rgb.subarray(start, start + columns.count * 3), ((rows.to + row) * crop + columns.to) * 3);
  }
  return { width: crop, height: crop, rgb: square };
}

/** Rounded to a whole number, halves to the even one, as Python does. */
export function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}
