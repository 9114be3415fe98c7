import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { entropy, logAgreement } from '../../losses/index.ts';
import type { ClusterHeads } from '../../train/index.ts';

/** Numbers of gathered neighbours, and of their log-probabilities, that are held at a time. */
const BLOCK_NUMBERS = 1 << 22;

/**
 * TSP's loss of every head over all rows and all their neighbours (eq. 5, the exact weighted sum). Neighbours go through the heads anew
 * in every block, since the probabilities of all heads, rows and groups together may not fit the memory.
 *
 * @param x [N, D]
 * @param neighbours int64 [N, m]
 * @param weights [N, m]
 * @returns one number a head
 */
export function lossOfHeads(
  heads: ClusterHeads,
  x: Tensor,
  neighbours: Tensor,
  weights: Tensor,
  lambda: number,
): number[] {
  const [n = 0, m = 1] = neighbours.shape;
  const widest = Math.max(x.shape[1] ?? 1, heads.hiddenWeight?.shape[0] ?? 0, heads.heads * heads.clusters);
  const rows = Math.max(1, Math.floor(BLOCK_NUMBERS / (m * widest)));
  return noGrad(() =>
    scope(() => {
      const agreements = torch.zeros([heads.heads], { dtype: 'float64', device: x.device });
      const used = torch.zeros([heads.heads, heads.clusters], { dtype: 'float64', device: x.device });
      for (let start = 0; start < n; start += rows) {
        scope(() => {
          const count = Math.min(rows, n - start);
          const theirRows = x.indexSelect(0, neighbours.narrow(0, start, count).reshape([-1]));
          const own = heads.forward(x.narrow(0, start, count)).logSoftmax(-1); // (H, rows, C)
          const theirs = heads.forward(theirRows).logSoftmax(-1).view([heads.heads, count, m, -1]);
          const agreement = logAgreement(own.unsqueeze(2), theirs); // (H, rows, m)
          agreements.add_(agreement.mul(weights.narrow(0, start, count)).sum([1, 2]));
          used.add_(own.exp().sum([1]));
        });
      }
      return agreements
        .div(-n)
        .sub(entropy(used.div(n)), { alpha: lambda })
        .toNumbers();
    }),
  );
}
