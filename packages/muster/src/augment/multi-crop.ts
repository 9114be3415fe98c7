import type { Tensor } from '@muster/torch';
import type { Draws } from './draws.ts';
import type { Transform } from './transform.ts';

/** One kind of crop: what it is and how many are taken of each image. */
export interface CropKind {
  readonly count: number;
  readonly view: Transform;
}

/**
 * Several views of each image, of several kinds, each with draws of its own: DINO's two global crops and its local ones.
 * Views of equal size in a row may be joined (`torch.cat`) for one pass through a network.
 *
 * @returns one tensor for each view, in the order of the kinds; the caller's
 * @source Caron et al. 2020 (SwAV), 2021 (DINO)
 */
export function multiCrop(kinds: readonly CropKind[]): (images: Tensor, draws: Draws) => Tensor[] {
  const views = kinds.flatMap(({ count, view }) => new Array<Transform>(count).fill(view));
  return (images, draws) => views.map((view, at) => view(images, draws.inside(`crop ${at}`)));
}
