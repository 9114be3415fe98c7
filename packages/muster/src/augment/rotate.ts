import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { onPlanes, scalars } from './transform.ts';
import type { Transform } from './transform.ts';

/** How a pixel between four others is found. */
export type RotationFilter = 'nearest' | 'bilinear';

/** Angles from -degrees to degrees, all as likely. */
export interface RotateOptions {
  readonly degrees: number;
  readonly filter: RotationFilter;
}

/** Turns each image about its centre by a random angle, on the same canvas, zeros around. @source MMDC-MNIST */
export function rotate({ degrees, filter }: RotateOptions): Transform {
  return (images, draws) => rotateBy(images, draws.uniform('rotate', -degrees, degrees), filter);
}

/**
 * Turns each image about its centre, counter-clockwise, on the same canvas; outside is 0.
 *
 * @param images float [n, c, h, w]
 * @param angles n angles in degrees
 */
export function rotateBy(images: Tensor, angles: ArrayLike<number>, filter: RotationFilter): Tensor {
  const cosines = Float64Array.from(angles, (angle) => Math.cos((angle * Math.PI) / 180));
  const sines = Float64Array.from(angles, (angle) => Math.sin((angle * Math.PI) / 180));
  return warp(images, { xx: cosines, xy: sines.map((sine) => -sine), yx: sines, yy: cosines }, filter);
}

/**
 * For each image the linear map, about its centre, from a pixel of the result to where it comes from: x to xx x + xy y + x0,
 * y to yx x + yy y + y0, in pixels, y downwards. Absent shifts are 0.
 */
export interface Warp {
  readonly xx: ArrayLike<number>;
  readonly xy: ArrayLike<number>;
  readonly yx: ArrayLike<number>;
  readonly yy: ArrayLike<number>;
  readonly x0?: ArrayLike<number>;
  readonly y0?: ArrayLike<number>;
}

/** Maps each image by its own linear map; outside is 0. */
export function warp(images: Tensor, map: Warp, filter: RotationFilter): Tensor {
  const [count = 0, , height = 0, width = 0] = images.shape;
  const { device } = images;
  return onPlanes(images, (planes) => {
    const none = new Float64Array(count);
    const lists = [map.xx, map.xy, map.yx, map.yy, map.x0 ?? none, map.y0 ?? none] as const;
    const [xx, xy, yx, yy, x0, y0] = scalars(lists, device);
    const axis = (length: number) => torch.arange(length, { dtype: 'float32', device }).sub_((length - 1) / 2);
    const [x, y] = [axis(width), axis(height).view([height, 1])];
    const column = x
      .mul(xx)
      .add(y.mul(xy).add_(x0))
      .add_((width - 1) / 2); // (n, 1, h, w)
    const row = x
      .mul(yx)
      .add(y.mul(yy).add_(y0))
      .add_((height - 1) / 2);
    if (filter === 'nearest') return gatherNearest(planes, row, column);
    // To -1..1 between the outer borders of the outermost pixels.
    const unit = (places: Tensor, length: number) =>
      places
        .add_(0.5)
        .mul_(2 / length)
        .sub_(1);
    const grid = torch.stack([unit(column, width), unit(row, height)], 4).squeeze(1); // (n, h, w, 2)
    return torch.gridSampler2d(planes, grid, 0, 0, false);
  });
}

/** The nearest pixels of these places [n, 1, h, w], 0 outside. Overwrites the places. */
function gatherNearest(planes: Tensor, row: Tensor, column: Tensor): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = planes.shape;
  const nearest = (places: Tensor) => places.add_(0.5).floor_();
  const [r, c] = [nearest(row), nearest(column)];
  const inside = isWithin(r, height).mul_(isWithin(c, width));
  const index = r
    .clamp_(0, height - 1)
    .mul_(width)
    .add_(c.clamp_(0, width - 1))
    .to('int64');
  const flat = index.view([count, 1, height * width]).expand([count, channels, -1]);
  const found = planes
    .view([count, channels, height * width])
    .gather(2, flat)
    .view(planes.shape);
  return found.mul_(inside);
}

/** 1 where 0 <= place < length, else 0. */
function isWithin(places: Tensor, length: number): Tensor {
  return places.clamp(0, length - 1).eq_(places);
}
