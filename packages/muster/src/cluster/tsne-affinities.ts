import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { DistanceMetric } from './condensed-distances.ts';
import { nearestNeighbours } from './neighbours.ts';
import { forBlocks, rowNorms, tableShape } from './rows.ts';
import { combine, sparseFromLists, transpose } from './sparse-rows.ts';
import type { SparseRows } from './sparse-rows.ts';

const HALVINGS = 60;
const TOLERANCE = 1e-5;
/** Stands for "not a neighbour" among squared distances of about 1. */
const NEVER = 1e30;

/**
 * Each row's probabilities of its neighbours, exp(-beta d²) with the beta that gives the wanted perplexity.
 * @param squared float64 [n, k]: squared distances; infinite where there is no neighbour
 * @returns float64 [n, k], rows sum to 1
 * @source van der Maaten and Hinton, "Visualizing data using t-SNE", 2008, eq. 1
 */
export function conditionalAffinities(squared: Tensor, perplexity: number): Tensor {
  return scope(() => {
    const finite = squared.isfinite();
    const known = squared.maskedFill(finite.logicalNot(), 0);
    const counts = finite.sum([1], true);
    const scale = known.sum([1], true).div(counts.clampMin(1)).clampMin(1e-300);
    const least = squared.amin([1], true);
    const d = squared.sub(least).div(scale).maskedFill(finite.logicalNot(), NEVER);
    const target = Math.log(perplexity);
    const n = d.shape[0] ?? 0;
    const fill = (value: number): Tensor => torch.full([n, 1], value, { dtype: 'float64' });
    const [low, high, beta] = [fill(0), fill(Infinity), fill(1)];
    for (let halving = 0; halving < HALVINGS; halving++) {
      const done = scope(() => {
        const p = d.mul(beta).neg_().exp_();
        const sums = p.sum([1], true);
        const entropy = sums.log().add(p.mul_(d).sum([1], true).div(sums).mul(beta));
        const wide = entropy.gt(target);
        low.copy_(torch.where(wide, beta, low));
        high.copy_(torch.where(wide, high, beta));
        beta.copy_(torch.where(high.isinf(), beta.mul(2), low.add(high).div_(2)));
        return entropy.sub(target).abs_().max().item() < TOLERANCE;
      });
      if (done) break;
    }
    const p = d.mul(beta).neg_().exp_();
    return p.div(p.sum([1], true));
  });
}

/** float32 [n, n]: joint probabilities of all pairs, sum 1. */
export function denseAffinities(x: Tensor, perplexity: number, metric: DistanceMetric): Tensor {
  return scope(() => {
    const [n] = tableShape(x, 'the table');
    const rows = (metric === 'cosine' ? x.div(rowNorms(x, 4096).unsqueeze(1)) : x).to('float64');
    const conditional = torch.empty([n, n], { dtype: 'float32' });
    forBlocks(n, Math.max(16, Math.floor(2 ** 21 / n)), (start, length) => {
      const distances = torch.cdist(rows.narrow(0, start, length), rows, 2, 1).square_();
      // The squared distance of unit rows is twice 1 - cosine.
      const squared = metric === 'cosine' ? distances.div_(2).square_() : distances;
      squared.narrow(1, start, length).diagonal().fill_(Infinity);
      conditional.narrow(0, start, length).copy_(conditionalAffinities(squared, perplexity));
    });
    return conditional.add(conditional.t()).div_(2 * n);
  });
}

/** Joint probabilities of near pairs, from 3 x perplexity neighbours of each row. */
export function sparseAffinities(
  x: Tensor,
  perplexity: number,
  metric: DistanceMetric,
  signal: AbortSignal | undefined,
): SparseRows {
  const [n] = tableShape(x, 'the table');
  const k = Math.min(n - 1, Math.floor(3 * perplexity));
  return scope(() => {
    const { indices, values } = nearestNeighbours(x, { k, metric, signal });
    const distances = metric === 'cosine' ? torch.rsub(values, 1).clampMin_(0) : values;
    const weights = conditionalAffinities(distances.square(), perplexity).toFloat64Array();
    const lists = Int32Array.from(indices.to('int32').toTypedArray(), Number);
    const directed = sparseFromLists(lists, weights, n, k);
    return combine(directed, transpose(directed), (a, b) => (a + b) / (2 * n));
  });
}
