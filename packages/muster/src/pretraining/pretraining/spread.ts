import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Emit } from '../../base/index.ts';

/** Images that are looked at, evenly over the collection. */
const SAMPLED_IMAGES = 512;
/** Embeddings that differ by less than this share of their length are all the same. */
const LEAST_SPREAD = 1e-3;

/**
 * How far embeddings lie from their mean, root mean square, by their own length: 0 where all are equal, 1 where they lie evenly around 0.
 *
 * @param rows [n, D]
 */
export function spreadOf(rows: Tensor): number {
  return noGrad(() =>
    scope(() => {
      const length = rows.square().sum().item();
      const apart = rows
        .sub(rows.mean([0], true))
        .square()
        .sum()
        .item();
      return length > 0 ? Math.sqrt(apart / length) : 0;
    }),
  );
}

/**
 * The spread of the embeddings of some of the images; a collapse is a warning event.
 *
 * @param pixels uint8 [N, H, W, C]
 * @param embed as that of a finished pretraining
 */
export function judgeSpread(pixels: Tensor, embed: (pixels: Tensor) => Tensor, id: string, emit: Emit): number {
  const step = Math.ceil((pixels.shape[0] ?? 0) / SAMPLED_IMAGES);
  const spread = scope(() => spreadOf(embed(pixels.slice(0, 0, undefined, step).contiguous())));
  if (spread < LEAST_SPREAD) {
    const message = `The embeddings have collapsed: they differ by ${spread.toExponential(1)} of their length, as if all images were the same`;
    emit({ stage: id, level: 'warning', message, values: { spread } });
  }
  return spread;
}
