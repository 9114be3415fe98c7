import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { entropy, logAgreement } from '../../losses/index.ts';
import type { ClusterHeads } from '../../train/index.ts';

/** Log-probabilities gathered at a time. */
const BLOCK_NUMBERS = 1 << 22;

/**
 * TSP's loss of every head over all rows and all their neighbours (eq. 5, the exact weighted sum).
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
  return noGrad(() =>
    scope(() => {
      const logP = heads.forward(x).logSoftmax(-1); // (H, N, C)
      const perRow = heads.heads * m * heads.clusters;
      const rows = Math.max(1, Math.floor(BLOCK_NUMBERS / perRow));
      const sums = torch.zeros([heads.heads], { dtype: 'float64', device: x.device });
      for (let start = 0; start < n; start += rows) {
        scope(() => {
          const count = Math.min(rows, n - start);
          const theirs = logP
            .indexSelect(1, neighbours.narrow(0, start, count).reshape([-1]))
            .view([heads.heads, count, m, -1]);
          const agreement = logAgreement(logP.narrow(1, start, count).unsqueeze(2), theirs); // (H, rows, m)
          sums.add_(agreement.mul(weights.narrow(0, start, count)).sum([1, 2]));
        });
      }
      return sums
        .div(-n)
        .sub(entropy(logP.exp().mean([1])), { alpha: lambda })
        .toNumbers();
    }),
  );
}
