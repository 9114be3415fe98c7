import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { nearestNeighbours } from '../../packages/muster/src/cluster/index.ts';
import { fromPeer } from '../compare.ts';
import type { Check, Row } from '../row.ts';

const NEIGHBOURS = 20;

/** Share of the first rows' neighbours at the peer's that are among ours too. */
function shared(x: Tensor, peers: Tensor): Check {
  const query = x.slice(0, 0, peers.shape[0]);
  const { indices } = nearestNeighbours(x, { k: NEIGHBOURS + 1, metric: 'euclidean', query }); // the row itself comes first
  const same = indices.slice(1, 1).unsqueeze(2).eq(peers.unsqueeze(1)); // (rows, k, k)
  return { name: 'share of equal neighbours', value: same.sum().item() / peers.numel, limit: 0.999, isFloor: true };
}

/** Exact neighbours among all rows, in blocks: no N x N matrix is made. */
export const neighbourRows: readonly Row[] = [
  {
    name: 'neighbours-20',
    work: 'exact 20 nearest of 60,000 x 512, Euclidean, each row among all others',
    goals: { amd26: 0.7, amd25: 0.8, intel: 0.8 },
    peer: { title: 'scikit-learn, brute force', program: 'neighbours.py' },
    rounds: 1,
    runs: 1,
    prepare: (context) => {
      const x = fromPeer(context, 'x');
      const checks = [shared(x, fromPeer(context, 'indices'))];
      return { checks, run: () => scope(() => void nearestNeighbours(x, { k: NEIGHBOURS, metric: 'euclidean' })) };
    },
  },
];
