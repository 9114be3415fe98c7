import * as torch from '../index.ts';
import type { Tensor } from '../index.ts';
import { moduleError } from './module.ts';

/** How a tensor is resampled. */
export interface InterpolateOptions {
  /** Rows and columns of the result. */
  readonly size: readonly [number, number];
  readonly mode: 'nearest' | 'bilinear' | 'bicubic';
  /** Stretch the kernel by the scale when shrinking. */
  readonly antialias?: boolean;
  /** Output over input size, by which positions are computed; by default what the sizes say. */
  readonly scale?: readonly [number, number];
}

/**
 * Resamples [n, c, h, w] to `size`, corners not aligned: output pixel i looks at (i + 0.5) / scale - 0.5, borders clamped; nearest takes
 * floor(i / scale). Bicubic is Keys' kernel with a = -0.75, with antialias a = -0.5. Throws `E_ARG` for nearest with antialias.
 */
export function interpolate(input: Tensor, { size, mode, antialias = false, scale }: InterpolateOptions): Tensor {
  const [scaleH, scaleW] = scale ?? [null, null];
  if (mode === 'nearest') {
    if (antialias) throw moduleError('interpolate', 'nearest has no antialias');
    return torch.upsampleNearest2d(input, size, scaleH, scaleW);
  }
  if (mode === 'bilinear') {
    return antialias
      ? torch._upsampleBilinear2dAa(input, size, false, scaleH, scaleW)
      : torch.upsampleBilinear2d(input, size, false, scaleH, scaleW);
  }
  return antialias
    ? torch._upsampleBicubic2dAa(input, size, false, scaleH, scaleW)
    : torch.upsampleBicubic2d(input, size, false, scaleH, scaleW);
}
