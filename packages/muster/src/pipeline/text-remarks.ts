import { noGrad, scope, type Tensor } from '@muster/torch';
import type { Backbone } from '../models/index.ts';

/** Rows whose shares are held at a time. */
const BLOCK_ROWS = 2048;
/**
 * Mean of the largest share below which words did harm: it was .6 on photos of things that the backbone knows, where words helped, and .2 to
 * .4 on other images.
 */
const LEAST_SHARE = 0.4;

/**
 * What the reader must know where a method trusted words: whether the words' space knows what is in the images. No labels are looked at.
 *
 * @param backbone one with a classifier
 * @param embeddings (N, D) as it gives them
 */
export function textRemarks(backbone: Pick<Backbone, 'logits'>, embeddings: Tensor): string[] {
  const share = meanLargestShare(backbone, embeddings);
  if (share >= LEAST_SHARE) return [];
  return [
    `The backbone hardly knows what is in these images: the likeliest of its kinds of things has a probability of ${share.toFixed(2)} on ` +
      `average, below ${LEAST_SHARE}. Then words mostly do harm: compare with a method that needs none (umap, tsp).`,
  ];
}

function meanLargestShare(backbone: Pick<Backbone, 'logits'>, embeddings: Tensor): number {
  const [n = 0] = embeddings.shape;
  let sum = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const block = Math.min(BLOCK_ROWS, n - start);
    sum += noGrad(() =>
      scope(() =>
        backbone
          .logits(embeddings.narrow(0, start, block))
          .softmax(1)
          .amax([1])
          .sum()
          .item(),
      ),
    );
  }
  return sum / n;
}
