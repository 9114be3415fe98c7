import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { combine, sparseFromLists, transpose } from './sparse-rows.ts';
import type { SparseRows } from './sparse-rows.ts';

/** Settings of {@link umapGraph}. */
export interface UmapGraphOptions {
  /** Neighbours that count as fully connected; a fraction lies between two of them. Default 1. */
  readonly localConnectivity?: number;
  /** 1: an edge stands if either end wants it; 0: if both do; between: a mixture. Default 1. */
  readonly mix?: number;
}

/** Membership strengths of neighbours, and the scales behind them. */
export interface NeighbourStrengths {
  /** float64 [n, k] */
  readonly weights: Tensor;
  /** float64 [n]: width of each row's neighbourhood. */
  readonly sigmas: Tensor;
  /** float64 [n]: distance up to which neighbours are fully connected. */
  readonly rhos: Tensor;
}

/** UMAP's graph. */
export interface UmapGraph {
  readonly graph: SparseRows;
  /** float64 [n] */
  readonly sigmas: Tensor;
  /** float64 [n] */
  readonly rhos: Tensor;
}

const TOLERANCE = 1e-5;
const HALVINGS = 64;
/** A width is at least this share of the mean distance. */
const LEAST_WIDTH = 1e-3;

/**
 * The fuzzy graph of neighbour lists: each row's strengths, joined with those the other way.
 * @param indices int64 [n, k], the first column the row itself; -1 where there is none
 * @param distances [n, k], ascending in each row
 * @source McInnes, Healy and Melville, "UMAP", 2018, algorithms 2 and 3
 */
export function umapGraph(
  indices: Tensor,
  distances: Tensor,
  { localConnectivity = 1, mix = 1 }: UmapGraphOptions = {},
): UmapGraph {
  return scope(() => {
    const [n = 0, k = 0] = indices.shape;
    const { weights, sigmas, rhos } = neighbourStrengths(distances, localConnectivity);
    const own = indices.eq(torch.arange(n, { dtype: 'int64' }).unsqueeze(1));
    const lists = Int32Array.from(indices.to('int32').toTypedArray(), Number);
    const directed = sparseFromLists(lists, weights.maskedFill(own, 0).toFloat64Array(), n, k);
    const graph = combine(directed, transpose(directed), (a, b) => mix * (a + b - a * b) + (1 - mix) * a * b);
    return { graph, sigmas, rhos };
  });
}

/** How strongly each row is connected with its neighbours: 1 up to rho, falling with width sigma beyond. */
export function neighbourStrengths(distances: Tensor, localConnectivity: number): NeighbourStrengths {
  return scope(() => {
    const wide = distances.to('float64');
    const [n = 0, k = 0] = wide.shape;
    const rhos = connectedDistances(wide.toFloat64Array(), n, k, localConnectivity);
    const excess = wide.sub(rhos.unsqueeze(1));
    const beyond = excess.clampMin(0);
    const found = widths(beyond.narrow(1, Math.min(1, k), Math.max(0, k - 1)), Math.log2(k));
    const least = torch.where(rhos.gt(0), wide.mean([1]), wide.mean()).mul_(LEAST_WIDTH);
    const sigmas = torch.maximum(found, least);
    const column = sigmas.unsqueeze(1);
    const full = excess.le(0).logicalOr(column.eq(0));
    return { weights: beyond.div(column).neg_().exp_().maskedFill_(full, 1), sigmas, rhos };
  });
}

/** float64 [n]: the `localConnectivity`-th distance that is not zero, linear between two; the last where there are fewer. */
function connectedDistances(distances: Float64Array, n: number, k: number, localConnectivity: number): Tensor {
  const whole = Math.floor(localConnectivity);
  const part = localConnectivity - whole;
  const rhos = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const apart = distances.subarray(i * k, (i + 1) * k).filter((distance) => distance > 0);
    const last = apart[apart.length - 1] ?? 0;
    if (apart.length < localConnectivity) rhos[i] = last;
    else if (whole === 0) rhos[i] = part * (apart[0] ?? 0);
    else {
      const at = apart[whole - 1] ?? 0;
      rhos[i] = part > TOLERANCE ? at + part * ((apart[whole] ?? last) - at) : at;
    }
  }
  return tensor(rhos);
}

/** float64 [n]: widths by bisection, such that each row's strengths sum to the target. */
function widths(beyond: Tensor, target: number): Tensor {
  const n = beyond.shape[0] ?? 0;
  const fill = (value: number): Tensor => torch.full([n], value, { dtype: 'float64' });
  const low = fill(0);
  const high = fill(Infinity);
  const middle = fill(1);
  for (let halving = 0; halving < HALVINGS; halving++) {
    const done = scope(() => {
      const sums = beyond.div(middle.unsqueeze(1)).neg_().exp_().sum([1]);
      const settled = sums.sub(target).abs_().lt(TOLERANCE);
      if (settled.all().item() === 1) return true;
      const above = sums.gt(target).logicalAnd(settled.logicalNot());
      const below = sums.le(target).logicalAnd(settled.logicalNot());
      high.copy_(torch.where(above, middle, high));
      low.copy_(torch.where(below, middle, low));
      const next = torch.where(high.isinf(), middle.mul(2), low.add(high).div_(2));
      middle.copy_(torch.where(settled, middle, next));
      return false;
    });
    if (done) break;
  }
  return middle;
}
