import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { unitRows } from '../../losses/index.ts';

/** Similarities held at a time. */
const BLOCK_NUMBERS = 1 << 22;

/**
 * How likely each noun is for an image: the softmax of their cosines over a temperature.
 *
 * @param images [n, d] unit rows
 * @param nouns [M, d] unit rows
 * @returns [n, M]
 * @source TAC eq. 8
 */
export function nounProbabilities(images: Tensor, nouns: Tensor, tau: number): Tensor {
  return scope(() => images.mm(nouns.t()).div_(tau).softmax(1));
}

/**
 * Text counterparts: for each image the mean of the nouns, weighted by the softmax of their cosines over a temperature.
 *
 * @param images [n, d] unit rows
 * @param nouns [M, d] unit rows, the chosen ones
 * @param options.tau .005 for CLIP; about .035 for the embedded text space
 * @param options.normalise scales the results to unit length, as the code does (eq. 7 does not). Default true
 * @returns [n, d], the caller's
 * @source TAC eq. 7-8
 */
export function retrieveCounterparts(
  images: Tensor,
  nouns: Tensor,
  { tau, normalise = true }: { tau: number; normalise?: boolean },
): Tensor {
  const [n = 0] = images.shape;
  const rows = Math.max(64, Math.floor(BLOCK_NUMBERS / Math.max(1, nouns.shape[0] ?? 1)));
  return scope(() =>
    noGrad(() => {
      const counterparts = torch.empty([n, nouns.shape[1] ?? 0], { dtype: images.dtype, device: images.device });
      for (let start = 0; start < n; start += rows) {
        scope(() => {
          const block = images.narrow(0, start, Math.min(rows, n - start));
          const mixed = nounProbabilities(block, nouns, tau).mm(nouns);
          counterparts.narrow(0, start, block.shape[0] ?? 0).copy_(normalise ? unitRows(mixed) : mixed);
        });
      }
      return counterparts;
    }),
  );
}

/**
 * Image and text side by side, each scaled to unit length; the result has norm sqrt 2 and is not scaled again.
 *
 * @param images [n, d]
 * @param counterparts [n, d]
 * @param order the code's image first, or the paper's text first
 * @returns [n, 2d]
 * @source TAC section 3.2, "without training"
 */
export function joinModalities(
  images: Tensor,
  counterparts: Tensor,
  order: 'image-text' | 'text-image' = 'image-text',
): Tensor {
  return scope(() => {
    const [v, t] = [unitRows(images), unitRows(counterparts)];
    return torch.cat(order === 'image-text' ? [v, t] : [t, v], 1);
  });
}
