import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { QuadTree } from './quad-tree.ts';
import type { SparseRows } from './sparse-rows.ts';

/** Gradient of t-SNE's divergence at points y (n, 2), with attraction exaggerated; written to `gradient` (n, 2). */
export type TsneGradient = (y: Float64Array, exaggeration: number, gradient: Float64Array) => void;

/** Entries of a strip of pairs: a megabyte, which stays in the cache. */
const STRIP_ENTRIES = 1 << 18;

/** Rows of a strip, at least. */
const STRIP_ROWS = 8;

/**
 * The exact gradient, 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|²). Each pair is looked at once, in strips of rows
 * against the columns from their diagonal on.
 * @param p float32 [n, n], joint probabilities: symmetric, zero on the diagonal
 * @source van der Maaten and Hinton, 2008, eq. 5
 */
export function exactGradient(p: Tensor): TsneGradient {
  const n = p.shape[0] ?? 0;
  return (y, exaggeration, gradient) => {
    scope(() => {
      const points = tensor(Float32Array.from(y), [n, 2]);
      const { pulls, pushes, total } = pairSums(points, p);
      const force = pulls.mul_(exaggeration).sub_(pushes, { alpha: 1 / Math.max(total, 1e-300) });
      const [toOthers, sums] = [force.narrow(0, 0, 2).t(), force.narrow(0, 2, 1).t()];
      gradient.set(points.mul(sums).sub_(toOthers).mul_(4).toFloat32Array());
    });
  };
}

/** Sums over the other points, with w_ij = 1 / (1 + |y_i - y_j|²). */
interface PairSums {
  /** float32 [3, n]: sum_j p_ij w_ij y_j, and below it sum_j p_ij w_ij. */
  readonly pulls: Tensor;
  /** float32 [3, n]: the same of w_ij² in place of p_ij w_ij. */
  readonly pushes: Tensor;
  /** sum_ij w_ij */
  readonly total: number;
}

function pairSums(points: Tensor, p: Tensor): PairSums {
  const n = points.shape[0] ?? 0;
  return scope(() => {
    const ones = torch.ones([n, 1]);
    const squares = points.square().sum([1], true);
    const left = torch.cat([points.mul(-2), squares.add(1), ones], 1); // (n, 4): times `right` it gives 1 + |y_i - y_j|²
    const right = torch.cat([points, ones, squares], 1).t().contiguous(); // (4, n)
    const extended = right.narrow(0, 0, 3); // (3, n): sums of weights come with the weighted sums
    const pulls = torch.zeros([3, n]);
    const pushes = torch.zeros([3, n]);
    // Products with three rows on the left are five times as quick as with three columns on the right.
    const collect = (sums: Tensor, weights: Tensor, start: number, length: number): void => {
      const others = n - start - length;
      sums.narrow(1, start, length).addmm_(extended.narrow(1, start, n - start), weights.t());
      if (others === 0) return;
      const beside = weights.narrow(1, length, others);
      sums.narrow(1, start + length, others).addmm_(extended.narrow(1, start, length), beside);
    };
    const memory = [0, 1].map(() => torch.empty([Math.max(STRIP_ENTRIES, STRIP_ROWS * n)]));
    let total = 0;
    forStrips(n, (start, length) => {
      const width = n - start;
      const [near = ones, product = ones] = memory.map((m) => m.narrow(0, 0, length * width).view([length, width]));
      torch.mm(left.narrow(0, start, length), right.narrow(1, start, width), { out: near });
      near.reciprocal_();
      near.narrow(1, 0, length).diagonal().zero_();
      // Pairs of two rows of the strip are in it twice, all others once.
      total += 2 * near.sum().item() - near.narrow(1, 0, length).sum().item();
      torch.mul(near, p.narrow(0, start, length).narrow(1, start, width), { out: product });
      collect(pulls, product, start, length);
      collect(pushes, near.square_(), start, length);
    });
    return { pulls, pushes, total };
  });
}

/** Strips of about as many pairs: the fewer columns are left, the more rows. */
function forStrips(n: number, visit: (start: number, length: number) => void): void {
  for (let start = 0; start < n;) {
    const rows = Math.max(STRIP_ROWS, Math.floor(STRIP_ENTRIES / (n - start)));
    const length = Math.min(n - start, rows);
    scope(() => visit(start, length));
    start += length;
  }
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
