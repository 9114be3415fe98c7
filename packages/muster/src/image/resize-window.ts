import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Filter, Size } from './geometry.ts';

/** The part of a resized picture that is wanted, in its pixels. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * A window of the picture resized to `size`, without making the rest: for pictures so long that the whole would not
 * fit into memory. Each pass is a product with the window's rows of the resampling matrix. As `resize` in its results
 * (float: to rounding; uint8: within a level).
 *
 * @param images [n, c, h, w] float32 or uint8
 * @returns [n, c, window.height, window.width]
 */
export function resizeWindow(images: Tensor, size: Size, window: Window, filter: Filter): Tensor {
  const [, , height = 0, width = 0] = images.shape;
  const down = axisWeights(height, size[0], window.top, window.height, filter);
  const across = axisWeights(width, size[1], window.left, window.width, filter);
  const bytes = images.dtype === 'uint8';
  return torch.scope(() => {
    const needed = images.narrow(2, down.first, down.length).narrow(3, across.first, across.length).to('float32');
    const rounded = (x: Tensor) => (bytes ? x.add(0.5).floor().clamp(0, 255) : x);
    const rows = rounded(needed.matmul(across.matrix.t())); // (n, c, needed rows, window width)
    const result = rounded(down.matrix.matmul(rows)); // (n, c, window height, window width)
    return bytes ? result.to('uint8') : result;
  });
}

interface AxisWeights {
  /** First source pixel needed, and how many. */
  first: number;
  length: number;
  /** [window, length] float32 */
  matrix: Tensor;
}

/** @source Pillow, Resample.c, precompute_coeffs: kernel stretched by the scale, cut at the border, normalised. */
function axisWeights(from: number, to: number, start: number, count: number, filter: Filter): AxisWeights {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = (filter === 'bilinear' ? 1 : 2) * stretch;
  const kernel = filter === 'bilinear' ? triangle : cubic;
  const spans = Array.from({ length: count }, (_, index) => {
    const centre = (start + index + 0.5) * scale;
    const low = Math.max(Math.floor(centre - support + 0.5), 0);
    return { centre, low, high: Math.min(Math.floor(centre + support + 0.5), from) };
  });
  const first = spans[0]?.low ?? 0;
  const length = (spans.at(-1)?.high ?? from) - first;
  const weights = new Float32Array(count * length);
  spans.forEach(({ centre, low, high }, row) => {
    const values = Array.from({ length: high - low }, (_, at) => kernel((low + at - centre + 0.5) / stretch));
    const sum = values.reduce((total, value) => total + value, 0);
    values.forEach((value, at) => (weights[row * length + low - first + at] = value / sum));
  });
  return { first, length, matrix: torch.tensor(weights, [count, length]) };
}

function triangle(x: number): number {
  return Math.max(1 - Math.abs(x), 0);
}

function cubic(x: number): number {
  const a = -0.5;
  const r = Math.abs(x);
  if (r < 1) return ((a + 2) * r - (a + 3)) * r * r + 1;
  return r < 2 ? (((r - 5) * r + 8) * r - 4) * a : 0;
}
