import { greyOf } from './colour.ts';
import { onChosen } from './transform.ts';
import type { Transform } from './transform.ts';

/** Makes the three channels equal, with probability `p`: the grey value 0.2989 R + 0.587 G + 0.114 B. */
export function greyscale({ p }: { readonly p: number }): Transform {
  return (images, draws) =>
    images.shape[1] === 3
      ? onChosen(images, draws.chance('grey', p), (some) => greyOf(some).expand(some.shape))
      : images.view(images.shape);
}
