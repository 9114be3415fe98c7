import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Size } from '../image/index.ts';
import { perImage } from './transform.ts';

/** Above this many pixels a window is copied image by image on a CPU; below, all are gathered by index. */
const GATHERED = 48 * 48;

/**
 * Windows of one size, each at a place of its own.
 *
 * @param images [n, c, h, w] of any dtype
 * @param tops first row of each image's window
 * @param lefts first column
 * @returns [n, c, size] of the same dtype, the caller's
 */
export function windows(images: Tensor, tops: ArrayLike<number>, lefts: ArrayLike<number>, size: Size): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  const [rows, columns] = size;
  return torch.scope(() => {
    if (rows === height && columns === width) return images.clone();
    if (images.device === 'cpu' && rows * columns > GATHERED) {
      const part = (_: unknown, at: number) =>
        images
          .narrow(0, at, 1)
          .narrow(2, tops[at] ?? 0, rows)
          .narrow(3, lefts[at] ?? 0, columns);
      return torch.cat(Array.from({ length: count }, part));
    }
    const device = images.device;
    const first = perImage([tops, lefts], device).to('int64');
    const whole = { dtype: 'int64', device } as const;
    const down = torch.arange(rows, whole).view([rows, 1]).add(first.select(0, 0)); // (n, 1, rows, 1)
    const across = torch.arange(columns, whole).add(first.select(0, 1)); // (n, 1, 1, columns)
    const index = down
      .mul_(width)
      .add(across)
      .view([count, 1, rows * columns])
      .expand([count, channels, -1]);
    return images
      .reshape([count, channels, height * width])
      .gather(2, index)
      .view([count, channels, rows, columns]);
  });
}
