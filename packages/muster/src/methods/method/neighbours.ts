import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { z } from 'zod';
import { formatCount, MusterError, seedStream } from '../../base/index.ts';
import type { Emit } from '../../base/index.ts';
import { nearestNeighbours } from '../../cluster/index.ts';
import type { NeighbourLists } from './types.ts';

/** The option that bounds the search; the same for all methods. */
export const poolOption = z
  .int()
  .min(2)
  .nullable()
  .default(200_000)
  .describe('with more rows than this, neighbours are sought among so many drawn at random; null: always among all');

/** How neighbours are found. */
export interface NeighbourSearch {
  /** Neighbours of a row; fewer where there are fewer other rows. */
  readonly k: number;
  readonly metric?: 'cosine' | 'euclidean';
  /** Lists that were found before, used where they are long enough and of rows that were centred alike. */
  readonly known?: NeighbourLists;
  /** Whether the mean row was subtracted from x. Default false. */
  readonly centred?: boolean;
  /** With more rows than this, neighbours are looked for among so many rows drawn at random; null: always among all. */
  readonly pool: number | null;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Is warned where not all neighbours are found. */
  readonly emit: Emit;
  /** Puts the row itself before its neighbours. Default false. */
  readonly withSelf?: boolean;
}

/** Neighbours, and how many of the right ones they are. */
export interface FoundNeighbours {
  /** int64 [N, k] (k + 1 with the row itself), nearest first, the caller's. */
  readonly indices: Tensor;
  /** Share of the exact neighbours of at most 1,000 rows that were found; null where the search was exact. */
  readonly recall: number | null;
}

/**
 * The nearest other rows of every row, exact up to `pool` rows. Beyond, the recall is measured and told in a warning event.
 *
 * @param x [N, D]
 * @throws MusterError `method.rows` for a single row
 */
export function findNeighbours(x: Tensor, search: NeighbourSearch): FoundNeighbours {
  if (search.withSelf !== true) return otherNeighbours(x, search);
  return scope(() => {
    const { indices: others, recall } = otherNeighbours(x, search);
    const own = torch.arange(others.shape[0] ?? 0, { dtype: 'int64', device: x.device });
    return { indices: torch.cat([own.unsqueeze(1), others], 1), recall };
  });
}

/** The numbers of a fit that tell how good its neighbours are: the pool and each recall; none where all searches were exact. */
export function poolValues(
  pool: number | null,
  recalls: Readonly<Record<string, number | null>>,
): Record<string, number> {
  const measured = Object.entries(recalls).filter((entry): entry is [string, number] => entry[1] !== null);
  return pool === null || measured.length === 0 ? {} : { neighbourPool: pool, ...Object.fromEntries(measured) };
}

/** Equal weights on all neighbours: [N, k] of 1 / k, the caller's. */
export function uniformWeights(neighbours: Tensor): Tensor {
  const [n = 0, k = 0] = neighbours.shape;
  return torch.full([n, k], 1 / k, { dtype: 'float32', device: neighbours.device });
}

function otherNeighbours(x: Tensor, search: NeighbourSearch): FoundNeighbours {
  const [n = 0] = x.shape;
  if (n < 2) throw new MusterError('method.rows', 'One row has no neighbours', { fix: 'give at least two images' });
  const { known, metric = 'cosine', centred = false, pool, signal } = search;
  const k = Math.min(search.k, n - 1);
  return scope(() => {
    const isKnown = metric === 'cosine' && known?.centred === centred && (known.indices.shape[1] ?? 0) >= k;
    if (isKnown && known.indices.shape[0] === n)
      return { indices: known.indices.narrow(1, 0, k).clone().to({ device: x.device }), recall: null };
    if (pool !== null && n > pool) return amongPool(x, { ...search, k, metric, pool });
    return { indices: nearestNeighbours(x, { k, metric, signal }).indices, recall: null };
  });
}

type PoolSearch = NeighbourSearch & Required<Pick<NeighbourSearch, 'metric'>> & { readonly pool: number };

/** Neighbours among rows drawn at random. */
function amongPool(x: Tensor, search: PoolSearch): FoundNeighbours {
  const { k, metric, pool, seed, signal, emit } = search;
  const [n = 0] = x.shape;
  const rows = drawRows(n, pool, seedStream(seed, 'neighbour-pool')).to({ device: x.device });
  const found = nearestNeighbours(x.indexSelect(0, rows), { k: k + 1, metric, query: x, signal });
  const places = rows.indexSelect(0, found.indices.view([-1])).view([n, k + 1]);
  const indices = withoutSelf(places, torch.arange(n, { dtype: 'int64', device: x.device }));
  const recall = recallOf(x, indices, search);
  emit({
    stage: 'neighbours',
    level: 'warning',
    message:
      `Neighbours were sought among ${pool.toLocaleString('en-US')} of ${formatCount(n, 'row')}, drawn at random: ` +
      `${(100 * recall).toFixed(1)} % of the nearest were found. With pool = null all rows are searched`,
    values: { pool, recall },
  });
  return { indices, recall };
}

/** Rows whose exact neighbours are sought to measure the recall. */
const RECALL_ROWS = 1000;

/** Share of the exact neighbours of some rows that stand in their lists. */
function recallOf(x: Tensor, indices: Tensor, { k, metric, seed, signal }: PoolSearch): number {
  const [n = 0] = x.shape;
  const asking = drawRows(n, Math.min(n, RECALL_ROWS), seedStream(seed, 'neighbour-recall')).to({ device: x.device });
  const exact = nearestNeighbours(x, { k: Math.min(k + 1, n), metric, query: x.indexSelect(0, asking), signal });
  const nearest = withoutSelf(exact.indices, asking);
  // No list holds a row twice: in both together, in order, each common row stands beside itself.
  const [both] = torch.cat([nearest, indices.indexSelect(0, asking)], 1).sort(1);
  const common = both.narrow(1, 1, 2 * k - 1).eq(both.narrow(1, 0, 2 * k - 1));
  return common.sum().item() / nearest.numel;
}

/** int64 [count]: rows drawn at random, without repeats. */
function drawRows(n: number, count: number, seed: number): Tensor {
  using random = generator(seed);
  return torch.randperm(n, { generator: random, dtype: 'int64' }).narrow(0, 0, count);
}

/** Lists of k + 1 rows without the asking row; without the last where it is not among them. */
function withoutSelf(lists: Tensor, asking: Tensor): Tensor {
  const isSelf = lists.eq(asking.unsqueeze(1));
  const [, order] = isSelf.to('uint8').sort({ stable: true, dim: 1 });
  return lists
    .gather(1, order)
    .narrow(1, 0, (lists.shape[1] ?? 1) - 1)
    .contiguous();
}
