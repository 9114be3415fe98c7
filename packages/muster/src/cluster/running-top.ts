import type { Tensor } from '@muster/torch';
import { muster } from '@muster/torch';
import * as torch from '@muster/torch';

/** The best scores of every row seen so far: one more than asked for, which tells whether the last place is tied. */
export interface RunningTop {
  /** [m, k + 1], descending, minus infinity where nothing was seen yet. */
  readonly values: Tensor;
  /** int64 [m, k + 1] */
  readonly indices: Tensor;
}

/** Neighbouring columns whose maximum is taken first: only the groups of the largest maxima can hold the best. */
const GROUP = 32;

/** A start with nothing seen. */
export function startTop(m: number, k: number, like: Tensor): RunningTop {
  const device = like.device;
  return {
    values: torch.full([m, k + 1], -Infinity, { dtype: like.dtype, device }),
    indices: torch.full([m, k + 1], -1, { dtype: 'int64', device }),
  };
}

/**
 * Takes a block of scores into the best of the rows from `row` on.
 *
 * @param scores [rows, columns]
 * @param column index of the block's first column
 */
export function offer(top: RunningTop, row: number, scores: Tensor, column: number): void {
  if (scores.device === 'cpu') muster.runningBest_(top.values, top.indices, scores, row, column);
  else offerByTopK(top, row, scores, column);
}

/**
 * The same for the columns of a block, each of which is a row of `top` from `row` on.
 *
 * @param scores [columns, rows]
 * @param column index of the block's first row
 */
export function offerTransposed(top: RunningTop, row: number, scores: Tensor, column: number): void {
  if (scores.device === 'cpu') muster.runningBest_(top.values, top.indices, scores, row, column, true);
  else offerByTopK(top, row, scores.t().contiguous(), column);
}

/** Without a kernel of our own: only neighbouring columns whose common maximum is large are looked at one by one. */
function offerByTopK(top: RunningTop, row: number, scores: Tensor, column: number): void {
  const [rows = 0, columns = 0] = scores.shape;
  const values = top.values.narrow(0, row, rows);
  const indices = top.indices.narrow(0, row, rows);
  const kept = values.shape[1] ?? 0;
  const groups = Math.floor(columns / GROUP);
  if (groups < 2 * kept) return merge(values, indices, scores, (at) => at.add(column));
  const whole = scores.narrow(1, 0, groups * GROUP).unflatten(1, [groups, GROUP]);
  const maxima = whole.amax([2]);
  const promising = maxima
    .gt(values.narrow(1, kept - 1, 1))
    .sum([1])
    .max()
    .item();
  const count = Math.min(promising, kept);
  if (count > 0) {
    const [, best] = maxima.topk(count, 1, true, false);
    const wide = best.unsqueeze(2).expand([rows, count, GROUP]);
    const candidates = whole.gather(1, wide).view([rows, count * GROUP]);
    merge(values, indices, candidates, (at) => {
      const group = best.gather(1, at.div(GROUP, { roundingMode: 'floor' }));
      return group.mul(GROUP).add_(at.remainder(GROUP)).add_(column);
    });
  }
  if (columns > groups * GROUP) {
    const rest = scores.narrow(1, groups * GROUP, columns - groups * GROUP);
    merge(values, indices, rest, (at) => at.add(column + groups * GROUP));
  }
}

/** Puts candidates beside the kept scores and keeps the best; `columnOf` turns places among the candidates to columns. */
function merge(values: Tensor, indices: Tensor, candidates: Tensor, columnOf: (at: Tensor) => Tensor): void {
  const kept = values.shape[1] ?? 0;
  const [best, place] = torch.cat([values, candidates], 1).topk(kept, 1);
  const isOld = place.lt(kept);
  const old = indices.gather(1, place.clampMax(kept - 1));
  const fresh = columnOf(place.sub(kept).clampMin(0));
  indices.copy_(torch.where(isOld, old, fresh));
  values.copy_(best);
}

/**
 * The k best of every row, best first and ties by the lower index.
 * @returns `tied`: int64, the rows whose last place is tied with one that was left out, so that the choice is arbitrary
 */
export function settled(top: RunningTop, k: number): { found: { indices: Tensor; values: Tensor }; tied: Tensor } {
  const last = top.values.select(1, k - 1);
  const tied = top.values.select(1, k).eq(last).nonzero().squeeze(1);
  const [indices, order] = top.indices.narrow(1, 0, k).sort(1);
  const values = top.values.narrow(1, 0, k).gather(1, order);
  return { found: inOrder(indices, values), tied };
}

/**
 * The k best columns of every row, best first and ties by the lower index, from all scores at once.
 * @param scores [m, n], k <= n
 */
export function topOf(scores: Tensor, k: number): { indices: Tensor; values: Tensor } {
  const [m = 0] = scores.shape;
  const [best] = scores.topk(k, 1);
  const last = best.narrow(1, k - 1, 1);
  const better = scores.gt(last);
  const equal = scores.eq(last);
  const room = better.sum([1], true).neg().add(k);
  const chosen = equal.logicalAnd(equal.cumsum(1).le(room)).logicalOr(better);
  const indices = chosen.nonzero().select(1, 1).view([m, k]);
  return inOrder(indices, scores.gather(1, indices));
}

function inOrder(indices: Tensor, values: Tensor): { indices: Tensor; values: Tensor } {
  const [sorted, order] = values.sort({ stable: true, dim: 1, descending: true });
  return { indices: indices.gather(1, order), values: sorted };
}
