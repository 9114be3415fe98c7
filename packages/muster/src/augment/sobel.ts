import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { greyOf } from './colour.ts';
import type { Transform } from './transform.ts';

/** How the three colours become one before their edges are taken. */
export const sobelGreys = { mean: [1 / 3, 1 / 3, 1 / 3], luma: [0.299, 0.587, 0.114] } as const;

/** Which grey: `mean` (MMDC, NAT) or `luma` (IIC). */
export interface SobelOptions {
  readonly grey: keyof typeof sobelGreys;
}

/** {@link sobelEdges} as a transform, in which nothing is drawn. */
export function sobel({ grey }: SobelOptions): Transform {
  return (images) => sobelEdges(images, grey);
}

/**
 * Edges in place of colours: the grey image's differences across and down, with zeros around it.
 *
 * @param images float [n, 3 or 1, h, w]
 * @returns [n, 2, h, w], the caller's
 * @source MMDC's code (grey by the mean), IIC's (by the luma)
 */
export function sobelEdges(images: Tensor, grey: SobelOptions['grey']): Tensor {
  return torch.scope(() => {
    const one = images.shape[1] === 3 ? greyOf(images, sobelGreys[grey]) : images;
    const filters = torch.tensor(FILTERS, [2, 1, 3, 3]).to({ dtype: images.dtype, device: images.device });
    return torch.conv2d(one, filters, null, 1, 1);
  });
}

/** [2, 1, 3, 3], cross-correlated. */
const FILTERS: Float32Array = Float32Array.of(1, 0, -1, 2, 0, -2, 1, 0, -1, 1, 2, 1, 0, 0, 0, -1, -2, -1);
