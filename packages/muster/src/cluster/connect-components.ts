import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { spanningTree } from './chain-linkage.ts';
import type { DistanceMetric } from './condensed-distances.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { rowNorms } from './rows.ts';

/** An edge that joins two parts of a graph. */
export interface Bridge {
  readonly first: number;
  readonly second: number;
  /** Of the two rows. */
  readonly distance: number;
}

/**
 * The edges that make one component of a neighbour graph: parts are joined along the shortest tree of their means, each
 * time by the row of one part nearest to the other's mean and that row's nearest in the other part. Of the parts, which may be
 * thousands, distances are held from one at a time.
 * @param x [n, d]
 * @param edges for every row the rows it is linked with
 */
export function connectComponents(
  x: Tensor,
  edges: readonly { keys(): Iterable<number> }[],
  metric: DistanceMetric,
): Bridge[] {
  const n = edges.length;
  const sets = new DisjointSets(n);
  edges.forEach((row, i) => {
    for (const j of row.keys()) sets.join(i, j);
  });
  if (sets.count === 1) return [];
  return scope(() => {
    const labels = sets.labels();
    const rows = metric === 'cosine' ? x.div(rowNorms(x, 4096).unsqueeze(1)) : x;
    const members: number[][] = Array.from({ length: sets.count }, () => []);
    labels.forEach((label, i) => members[label]?.push(i));
    const means = meansOf(rows, labels, sets.count);
    const tree = spanningTree(sets.count, (part) => distancesTo(means, part));
    return Array.from(tree.first, (a, t) => {
      const b = tree.second[t] ?? 0;
      return scope(() => bridge(rows, members[a] ?? [], members[b] ?? [], means.select(0, b), metric));
    });
  });
}

function meansOf(rows: Tensor, labels: Int32Array, count: number): Tensor {
  const index = tensor(BigInt64Array.from(labels, BigInt)).to({ device: rows.device });
  const sums = torch.zeros([count, rows.shape[1] ?? 0], { dtype: rows.dtype, device: rows.device });
  const sizes = torch.bincount(index, null, count).to(rows.dtype).unsqueeze(1);
  return sums.indexAdd_(0, index, rows).div_(sizes);
}

/** Distance of one mean to any other. */
function distancesTo(means: Tensor, part: number): (other: number) => number {
  const distances = scope(() => torch.cdist(means.narrow(0, part, 1), means, 2, 2).toFloat64Array());
  return (other) => distances[other] ?? NaN;
}

function bridge(
  rows: Tensor,
  a: readonly number[],
  b: readonly number[],
  goal: Tensor,
  metric: DistanceMetric,
): Bridge {
  const first = nearestOf(rows, a, goal);
  const point = rows.select(0, first);
  const second = nearestOf(rows, b, point);
  const other = rows.select(0, second);
  const distance =
    metric === 'cosine' ? 1 - point.mul(other).sum().item() : point.sub(other).square().sum().item() ** 0.5;
  return { first, second, distance: Math.max(0, distance) };
}

function nearestOf(rows: Tensor, members: readonly number[], goal: Tensor): number {
  const index = tensor(BigInt64Array.from(members, BigInt)).to({ device: rows.device });
  const distances = torch.linalgVectorNorm(rows.indexSelect(0, index).sub(goal), 2, [1]);
  return members[distances.argmin().item()] ?? 0;
}
