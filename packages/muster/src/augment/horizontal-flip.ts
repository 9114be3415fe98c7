import { onChosen } from './transform.ts';
import type { Transform } from './transform.ts';

/** Mirrors an image left to right with probability `p`. */
export function horizontalFlip({ p }: { readonly p: number }): Transform {
  return (images, draws) => onChosen(images, draws.chance('flip', p), (some) => some.flip([3]));
}
