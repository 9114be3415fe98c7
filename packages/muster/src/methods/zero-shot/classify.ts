import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { unitRows } from '../../losses/index.ts';

/** How a class's prompts become one vector: each scaled to unit length first, or the plain mean (TAC's code, for nouns). */
export type PromptEnsemble = 'normalise-first' | 'mean-first';

/**
 * One vector a class from its prompts.
 *
 * @param prompts [K, T, d]
 * @returns [K, d] unit rows
 */
export function classVectors(prompts: Tensor, ensemble: PromptEnsemble): Tensor {
  return scope(() => unitRows((ensemble === 'normalise-first' ? unitRows(prompts) : prompts).mean([1])));
}

/**
 * How well each image fits each class.
 *
 * @param images [n, d]
 * @param classes [K, d] unit rows
 * @param scale factor of the cosines: 100 for CLIP
 * @returns logits [n, K]
 * @source Radford et al. 2021, figure 3
 */
export function zeroShotLogits(images: Tensor, classes: Tensor, scale: number): Tensor {
  return scope(() => unitRows(images).mm(classes.t()).mul(scale));
}
