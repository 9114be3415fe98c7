import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Neighbour weights of eq. 4. */
export interface NeighbourWeights {
  /** [N, K] in the type of x, each row summing to 1. */
  readonly weights: Tensor;
  /** [N]: half the distance to the third neighbour. */
  readonly sigma: Tensor;
}

/** Rows whose neighbours are gathered at a time: K D numbers each. */
const BLOCK_NUMBERS = 1 << 22;
/** The third neighbour sets the scale; with fewer neighbours the last. */
const SCALE_NEIGHBOUR = 2;
/** Least 2 sigma²: gives the limit at 0, equal weights on neighbours at distance 0 and none elsewhere. */
const LEAST_SCALE = 1e-36;

/**
 * Gaussian weights of each row's neighbours: w_ij = exp(-|x_i - x_j|² / (2 sigma_i²)) / C_i.
 *
 * @param x [N, D]
 * @param indices int64 [N, K], nearest first, without the row itself
 * @returns tensors of the caller's
 * @source TSP eq. 4; where sigma is 0 its limit
 */
export function gaussianWeights(x: Tensor, indices: Tensor): NeighbourWeights {
  const [n = 0, k = 0] = indices.shape;
  const rows = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, k * (x.shape[1] ?? 1))));
  return scope(() =>
    noGrad(() => {
      const squares = torch.empty([n, k], { dtype: x.dtype, device: x.device });
      for (let start = 0; start < n; start += rows) {
        scope(() => {
          const count = Math.min(rows, n - start);
          const neighbours = x.indexSelect(0, indices.narrow(0, start, count).reshape([-1])).view([count, k, -1]);
          const differences = neighbours.sub(x.narrow(0, start, count).unsqueeze(1));
          squares.narrow(0, start, count).copy_(differences.square_().sum([2]));
        });
      }
      const sigma = squares
        .select(1, Math.min(SCALE_NEIGHBOUR, k - 1))
        .sqrt()
        .mul(0.5);
      const scale = sigma.square().mul(2).clampMin(LEAST_SCALE).unsqueeze(1);
      const raw = squares.div(scale).neg().exp();
      return { weights: raw.div(raw.sum([1], true)), sigma };
    }),
  );
}

/**
 * TSP's first head: each row a centre's direction, divided by sqrt(D).
 *
 * @param centres [K, D]
 * @returns [K, D]
 * @source TSP appendix A
 */
export function headOfCentres(centres: Tensor): Tensor {
  const norms = torch.linalgVectorNorm(centres, 2, [1], true).clampMin(1e-12);
  return centres.div(norms).div(Math.sqrt(centres.shape[1] ?? 1));
}
