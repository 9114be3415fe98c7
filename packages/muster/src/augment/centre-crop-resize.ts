import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { centreCrop, resize } from '../image/index.ts';
import type { Filter } from '../image/index.ts';
import type { Transform } from './transform.ts';

/** A central square and its size afterwards, in pixels. */
export interface CentreCropOptions {
  readonly crop: number;
  readonly output: number;
  /** Default bilinear. */
  readonly filter?: Filter;
}

/**
 * The central square, brought to one size: the view that images are scored in. Nothing is drawn. Keeps the memory order.
 *
 * @source MMDC's code: evaluation and assignment images
 */
export function centreCropResize({ crop, output, filter = 'bilinear' }: CentreCropOptions): Transform {
  return (images: Tensor) =>
    torch.scope(() => {
      const memoryFormat = images.isContiguous('contiguous') ? 'contiguous' : 'channelsLast';
      const square = centreCrop(images, crop).to('float32').contiguous();
      return resize(square, [output, output], filter).to(images.dtype).contiguous({ memoryFormat });
    });
}
