import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';

/**
 * Checks a batch of pictures and brings it to the order (n, 3, size, size), without a copy.
 *
 * @param pixels uint8, (n, 3, size, size) or (n, size, size, 3)
 * @throws MusterError `models.pixels` for another shape or dtype
 */
export function channelsFirst(pixels: Tensor, size: number): Tensor {
  const [, a, b, c] = pixels.shape;
  if (pixels.dtype === 'uint8' && pixels.ndim === 4) {
    if (a === 3 && b === size && c === size) return pixels.view(pixels.shape);
    if (a === size && b === size && c === 3) return pixels.permute([0, 3, 1, 2]);
  }
  const found = `${pixels.dtype} [${pixels.shape.join(', ')}]`;
  throw new MusterError(
    'models.pixels',
    `Pictures must be uint8 [n, 3, ${size}, ${size}] or [n, ${size}, ${size}, 3], not ${found}.`,
    {
      kind: 'internal',
    },
  );
}
