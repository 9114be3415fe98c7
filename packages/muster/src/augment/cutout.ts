import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { scalars } from './transform.ts';
import type { Transform } from './transform.ts';

/** Least and largest edge of the hole in pixels, both drawn. */
export interface CutoutOptions {
  readonly edge: readonly [low: number, high: number];
}

/**
 * A square hole of zeros in each image, of random edge, its centre anywhere: at the border a part of it falls outside.
 *
 * @source DeVries and Taylor 2017; SCAN's code draws the edge and applies it after the normalisation
 */
export function cutout({ edge: [low, high] }: CutoutOptions): Transform {
  return (images, draws) => {
    const [, , height = 0, width = 0] = images.shape;
    const edges = draws.below('cutout.edge', high - low + 1).map((more) => low + more);
    return cutHoles(images, draws.below('cutout.row', height), draws.below('cutout.column', width), edges);
  };
}

/**
 * Zeros from row y - floor(e / 2) on, e - (e mod 2) rows, and likewise across, cut at the border.
 *
 * @param images float [n, c, h, w]
 * @param rows n rows y of the centres
 * @param lefts n columns of the centres
 * @param edges n edges e in pixels
 */
export function cutHoles(
  images: Tensor,
  rows: ArrayLike<number>,
  lefts: ArrayLike<number>,
  edges: ArrayLike<number>,
): Tensor {
  const [, , height = 0, width = 0] = images.shape;
  const { device } = images;
  const half = Float64Array.from(edges, (edge) => Math.floor(edge / 2));
  return torch.scope(() => {
    const [y, x, reach] = scalars([rows, lefts, half], device);
    const within = (length: number, centre: Tensor) => {
      const offset = torch.arange(length, { dtype: 'float32', device }).add_(0.5).sub(centre).abs_(); // (n, 1, 1, length)
      return offset.lt(reach).to(images.dtype);
    };
    const hole = within(height, y).transpose(2, 3).mul(within(width, x)); // (n, 1, h, w)
    return images.mul(hole.neg_().add_(1));
  });
}
