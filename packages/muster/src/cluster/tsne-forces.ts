import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { QuadTree } from './quad-tree.ts';
import { forBlocks } from './rows.ts';
import type { SparseRows } from './sparse-rows.ts';

/** Gradient of t-SNE's divergence at points y (n, 2), with attraction exaggerated; written to `gradient` (n, 2). */
export type TsneGradient = (y: Float64Array, exaggeration: number, gradient: Float64Array) => void;

/** Entries of a block of pairs: half a megabyte, which stays in the cache. */
const BLOCK_ENTRIES = 1 << 17;

/**
 * The exact gradient, 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|²), in blocks of rows.
 * @param p float32 [n, n], joint probabilities
 * @source van der Maaten and Hinton, 2008, eq. 5
 */
export function exactGradient(p: Tensor): TsneGradient {
  const n = p.shape[0] ?? 0;
  return (y, exaggeration, gradient) => {
    scope(() => {
      const points = tensor(Float32Array.from(y), [n, 2]);
      const squares = points.square().sum([1]);
      const extended = torch.cat([points, torch.ones([n, 1])], 1); // sums of weights come with the weighted sums
      const pulls = torch.empty([n, 3]);
      const pushes = torch.empty([n, 3]);
      let total = 0;
      forBlocks(n, Math.max(8, Math.floor(BLOCK_ENTRIES / n)), (start, length) => {
        const block = points.narrow(0, start, length);
        const own = squares.narrow(0, start, length).unsqueeze(1);
        const near = torch
          .addmm(squares, block, points.t(), { alpha: -2 })
          .add_(own)
          .clampMin_(0)
          .add_(1)
          .reciprocal_();
        near.narrow(1, start, length).diagonal().zero_();
        total += near.sum().item();
        pulls.narrow(0, start, length).copy_(near.mul(p.narrow(0, start, length)).mm(extended));
        pushes.narrow(0, start, length).copy_(near.square_().mm(extended));
      });
      const force = pulls.mul_(exaggeration).sub_(pushes, { alpha: 1 / Math.max(total, 1e-300) });
      const along = points
        .mul(force.narrow(1, 2, 1))
        .sub_(force.narrow(1, 0, 2))
        .mul_(4);
      gradient.set(along.toFloat32Array());
    });
  };
}

/**
 * The gradient with attraction along near pairs alone and repulsion from the cells of a quadtree that look small.
 * @param p joint probabilities of near pairs
 * @param theta cells whose side is less than this share of their distance count as one point
 * @source van der Maaten, "Accelerating t-SNE using tree-based algorithms", 2014
 */
export function treeGradient(p: SparseRows, theta: number): TsneGradient {
  const { n, offsets, targets, weights } = p;
  return (y, exaggeration, gradient) => {
    const tree = new QuadTree(y);
    let total = 0;
    for (let i = 0; i < n; i++) total += tree.repulsion(i, theta, gradient);
    const share = 1 / Math.max(total, 1e-300);
    for (let i = 0; i < n; i++) {
      const [x0, x1] = [y[2 * i] ?? 0, y[2 * i + 1] ?? 0];
      let pull0 = 0;
      let pull1 = 0;
      for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) {
        const j = 2 * (targets[at] ?? 0);
        const d0 = x0 - (y[j] ?? 0);
        const d1 = x1 - (y[j + 1] ?? 0);
        const force = (weights[at] ?? 0) / (1 + d0 * d0 + d1 * d1);
        pull0 += force * d0;
        pull1 += force * d1;
      }
      gradient[2 * i] = 4 * (exaggeration * pull0 - share * (gradient[2 * i] ?? 0));
      gradient[2 * i + 1] = 4 * (exaggeration * pull1 - share * (gradient[2 * i + 1] ?? 0));
    }
  };
}
