import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';

/**
 * Bytes as a network or a transform takes them.
 *
 * @param pixels uint8 [n, h, w, c]
 * @returns float32 [n, c, h, w] in 0..1, channels-last in memory as the bytes are, the caller's
 * @throws MusterError `augment.pixels` for another dtype or shape
 */
export function toUnit(pixels: Tensor): Tensor {
  if (pixels.dtype !== 'uint8' || pixels.ndim !== 4) {
    throw new MusterError(
      'augment.pixels',
      `Pictures must be uint8 [n, h, w, c], not ${pixels.dtype} [${pixels.shape.join(', ')}].`,
      { kind: 'internal' },
    );
  }
  return torch.scope(() => pixels.permute([0, 3, 1, 2]).to('float32').div_(255));
}
