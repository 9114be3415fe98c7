import { scope } from '@muster/torch';
import { lloyd } from '../../packages/muster/src/cluster/index.ts';
import { fromPeer, relativeListDifference } from '../compare.ts';
import type { Row } from '../row.ts';

function row(clusters: number): Row {
  return {
    name: `kmeans-${clusters}`,
    work: `k-means, 60,000 x 512, K = ${clusters}, same starts and iterations`,
    goals: { amd26: 0.5, amd25: 0.6, intel: 0.6 },
    peer: { title: 'scikit-learn', program: 'kmeans.py', arguments: [String(clusters)] },
    runs: 1,
    prepare: (context) => {
      const x = fromPeer(context, 'x');
      const start = fromPeer(context, 'start');
      const maxIterations = fromPeer(context, 'maxIterations').toNumbers()[0] ?? 0;
      const run = () => scope(() => lloyd(x, start, { metric: 'euclidean', maxIterations }));
      const result = run();
      const checks = [
        relativeListDifference('inertia', [result.inertia], fromPeer(context, 'inertia').toNumbers(), 1e-4),
        relativeListDifference('iterations', [result.iterations], fromPeer(context, 'iterations').toNumbers(), 0),
      ];
      return { checks, run: () => void run() };
    },
  };
}

/** Lloyd's algorithm. */
export const kmeansRows: readonly Row[] = [row(10), row(100)];
