import { noGrad, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { scanLoss } from '../../losses/index.ts';
import { eachBlock } from '../../train/index.ts';

/** Neighbours of each image beside itself, and the weight of the entropy, in SCAN's validation. */
const [NEIGHBOURS, WEIGHT] = [5, 1] as const;
const BLOCK = 4096;

/** Logits of all images, block by block: [N, K] on the CPU, the caller's. */
export function allLogits(
  pixels: Tensor,
  groups: number,
  device: Device,
  logitsOf: (pixels: Tensor) => Tensor,
): Tensor {
  const logits = torch.empty([pixels.shape[0] ?? 0, groups], { dtype: 'float32' });
  eachBlock(pixels, device, (block, start) => {
    const part = logitsOf(block);
    logits.narrow(0, start, part.shape[0] ?? 0).copy_(part);
  });
  return logits;
}

/**
 * SCAN's loss on plain views, without a label: how much images agree with their nearest neighbours and themselves, and how evenly groups
 * are used. The code looks at the test split; here it is the images that are fitted, as there are no others.
 *
 * @param logits [N, K]
 * @param neighbours int64 [N, k] on any device, the image itself first
 */
export function selectionLoss(logits: Tensor, neighbours: Tensor): number {
  const [n = 0, k = 0] = neighbours.shape;
  const used = Math.min(k, NEIGHBOURS + 1);
  return noGrad(() =>
    scope(() => {
      const lists = neighbours.narrow(1, 0, used).to({ device: 'cpu' });
      let disagreement = 0;
      for (let start = 0; start < n; start += BLOCK) {
        disagreement += scope(() => {
          const count = Math.min(BLOCK, n - start);
          const others = logits.indexSelect(0, lists.narrow(0, start, count).reshape([-1]));
          const anchors = logits.narrow(0, start, count).repeatInterleave(used, 0);
          return scanLoss(anchors, others, { entropyWeight: 0 }).consistency.item() * count;
        });
      }
      const { entropy } = scanLoss(logits, logits, { entropyWeight: 0 });
      return disagreement / n - WEIGHT * entropy.item();
    }),
  );
}
