import { scope, tensor, type Tensor } from '@muster/torch';
import { formatCount, randomStream, type Random } from '../base/index.ts';
import { findCommunities, sharedNeighbourGraph } from './communities.ts';
import { nearestNeighbours } from './neighbours.ts';

/** A first estimate of how many groups there are. */
export interface GroupEstimate {
  readonly groups: number;
  /** Why so many, in one sentence without its full stop. */
  readonly reason: string;
  /**
   * How well the communities keep apart: their modularity over the 1 - 1/m that m unconnected ones would have. Groups of
   * photos come to .85 to .95, one round cloud to .4.
   */
  readonly separation: number;
}

/** Neighbours a row is linked with; fewer in small collections, where 15 would reach over into other groups. */
const neighboursWanted = 15;
/** Rows looked at: more make the estimate slower, not better. */
const sampleRows = 10_000;
/** Communities of fewer rows are strays. */
const leastMembers = 2;

/**
 * Estimates the number of groups as the number of communities in the graph of nearest neighbours. On collections of
 * known kinds it came out near their number (docs/guide/cluster.md); the silhouette mostly said two.
 *
 * @param rows (N, D) float32, unit rows
 * @param seed chooses the sample and the order of work
 * @source Levine et al., 2015 (PhenoGraph), with the communities of Blondel et al., 2008
 */
export function estimateGroups(rows: Tensor, seed: number): GroupEstimate {
  const n = rows.shape[0] ?? 0;
  if (n <= 3) return { groups: 1, reason: `${formatCount(n, 'image')} are too few to look for groups`, separation: 0 };
  const k = Math.max(2, Math.min(neighboursWanted, Math.floor(n / 8), n - 1));
  const count = Math.min(n, sampleRows);
  const neighbours = scope(() => {
    const { indices } = nearestNeighbours(sample(rows, count, randomStream(seed, 'sample')), { k, metric: 'ip' });
    return indices.to('int32').toTypedArray() as Int32Array;
  });
  const found = findCommunities(sharedNeighbourGraph(neighbours, count, k), randomStream(seed, 'communities'));
  const sizes = new Array<number>(found.count).fill(0);
  for (const label of found.labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const groups = Math.max(1, sizes.filter((size) => size >= leastMembers).length);
  const of = count < n ? ` of ${count.toLocaleString('en-US')} images` : '';
  const reason = `estimated: linked with their ${k} most similar, the images${of} fall into ${formatCount(groups, 'knot')}`;
  return { groups, reason, separation: found.count > 1 ? found.modularity / (1 - 1 / found.count) : 0 };
}

function sample(rows: Tensor, count: number, random: Random): Tensor {
  const n = rows.shape[0] ?? 0;
  if (count === n) return rows;
  const chosen = random.permutation(n).subarray(0, count).sort();
  return rows.indexSelect(0, tensor(BigInt64Array.from(chosen, BigInt)));
}
