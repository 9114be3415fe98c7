import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError, seedStream } from '../../base/index.ts';
import { nearestNeighbours } from '../../cluster/index.ts';
import type { NeighbourLists } from './types.ts';

/** How neighbours are found. */
export interface NeighbourSearch {
  /** Neighbours of a row; fewer where there are fewer other rows. */
  readonly k: number;
  readonly metric?: 'cosine' | 'euclidean';
  /** Lists that were found before, used where they are long enough and of rows that were centred alike. */
  readonly known?: NeighbourLists;
  /** Whether the mean row was subtracted from x. Default false. */
  readonly centred?: boolean;
  /** With more rows than this, neighbours are looked for among so many rows drawn at random. */
  readonly pool: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Puts the row itself before its neighbours. Default false. */
  readonly withSelf?: boolean;
}

/**
 * The nearest other rows of every row, exact up to `pool` rows.
 *
 * @param x [N, D]
 * @returns int64 [N, k] (k + 1 with the row itself), nearest first, the caller's
 * @throws MusterError `method.rows` for a single row
 */
export function findNeighbours(x: Tensor, search: NeighbourSearch): Tensor {
  if (search.withSelf !== true) return otherNeighbours(x, search);
  return scope(() => {
    const others = otherNeighbours(x, search);
    const own = torch.arange(others.shape[0] ?? 0, { dtype: 'int64', device: x.device });
    return torch.cat([own.unsqueeze(1), others], 1);
  });
}

/** Equal weights on all neighbours: [N, k] of 1 / k, the caller's. */
export function uniformWeights(neighbours: Tensor): Tensor {
  const [n = 0, k = 0] = neighbours.shape;
  return torch.full([n, k], 1 / k, { dtype: 'float32', device: neighbours.device });
}

function otherNeighbours(x: Tensor, search: NeighbourSearch): Tensor {
  const [n = 0] = x.shape;
  if (n < 2) throw new MusterError('method.rows', 'One row has no neighbours', { fix: 'give at least two images' });
  const { known, metric = 'cosine', centred = false, pool, signal } = search;
  const k = Math.min(search.k, n - 1);
  return scope(() => {
    const isKnown = metric === 'cosine' && known?.centred === centred && (known.indices.shape[1] ?? 0) >= k;
    if (isKnown && known.indices.shape[0] === n) return known.indices.narrow(1, 0, k).clone().to({ device: x.device });
    if (n > pool) return amongPool(x, { ...search, k, metric });
    return nearestNeighbours(x, { k, metric, signal }).indices;
  });
}

/** Neighbours among rows drawn at random; a row that meets itself there is passed over. */
function amongPool(x: Tensor, { k, metric, pool, seed, signal }: NeighbourSearch): Tensor {
  const [n = 0] = x.shape;
  using random = generator(seedStream(seed, 'neighbour-pool'));
  const rows = torch.randperm(n, { generator: random, dtype: 'int64' }).narrow(0, 0, pool).to({ device: x.device });
  const found = nearestNeighbours(x.indexSelect(0, rows), { k: k + 1, metric, query: x, signal });
  const indices = rows.indexSelect(0, found.indices.view([-1])).view([n, k + 1]);
  const isSelf = indices.eq(torch.arange(n, { dtype: 'int64', device: x.device }).unsqueeze(1));
  const [, order] = isSelf.to('uint8').sort({ stable: true, dim: 1 });
  return indices.gather(1, order).narrow(1, 0, k).contiguous();
}
