import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import type { PreparedRows } from './nearest-centre.ts';
import { scoreRows } from './nearest-centre.ts';
import { products } from './products.ts';
import { forBlocks } from './rows.ts';

/**
 * First centres by greedy k-means++: each next centre is the best of 2 + floor(log k) rows drawn in proportion to their
 * squared distance to the nearest centre so far (spherical: to one minus the cosine).
 * Source: Arthur and Vassilvitskii, SODA 2007, with the greedy choice of its section 5.
 * @returns float64 [k, d], rows of the table as they were before preparation
 */
export function startingRows(rows: PreparedRows, k: number, generator: Generator): Tensor {
  return scope(() => {
    const trials = 2 + Math.floor(Math.log(k));
    const first = torch.randint(0, rows.n, [1], { generator, dtype: 'int64' }).to({ device: rows.x.device });
    const chosen = [first];
    let nearest = distancesTo(rows, first).squeeze(1);
    while (chosen.length < k) {
      const round = scope(() => {
        const candidates = drawRows(nearest, trials, generator);
        const shrunk = torch.minimum(nearest.unsqueeze(1), distancesTo(rows, candidates));
        const best = shrunk.sum([0]).argmin();
        return { row: candidates.indexSelect(0, best.view([1])), nearest: shrunk.select(1, best.item()).clone() };
      });
      nearest.dispose();
      nearest = round.nearest;
      chosen.push(round.row);
    }
    const start = rows.x.indexSelect(0, torch.cat(chosen)).to('float64');
    return rows.offset === null ? start : start.add(rows.offset);
  });
}

/** Draws rows in proportion to their weights; evenly where all weights are zero. */
function drawRows(weights: Tensor, count: number, generator: Generator): Tensor {
  const cumulative = weights.cumsum(0);
  const total = cumulative.select(0, -1);
  const uniform = torch.rand([count], { generator, dtype: 'float64' }).to({ device: weights.device });
  if (total.item() <= 0) return uniform.mul(weights.numel).floor().to('int64');
  return torch.searchsorted(cumulative, uniform.mul(total), { right: true }).clampMax(weights.numel - 1);
}

/** float64 [n, m]: squared distance of every row to the rows at `indices` (spherical: one minus the cosine). */
function distancesTo(rows: PreparedRows, indices: Tensor): Tensor {
  const m = indices.numel;
  const distances = torch.empty([rows.n, m], { dtype: 'float64', device: rows.x.device });
  const points = rows.x.indexSelect(0, indices);
  const scaled = rows.weights === null ? points : points.mul(rows.weights.indexSelect(0, indices).unsqueeze(1));
  const squares = scaled.square().sum([1]);
  forBlocks(rows.n, scoreRows(m), (start, length) => {
    const block = rows.x.narrow(0, start, length);
    const inner = products(block, scaled);
    const target = distances.narrow(0, start, length);
    if (rows.weights === null) {
      const own = torch.linalgVectorNorm(block, 2, [1], true).square_();
      target.copy_(own.add(squares).sub(inner, { alpha: 2 }).clampMin(0));
    } else {
      const cosines = inner.mul(rows.weights.narrow(0, start, length).unsqueeze(1));
      target.copy_(torch.rsub(cosines, 1).clampMin(0));
    }
  });
  return distances;
}
