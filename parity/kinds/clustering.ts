import { lloyd, nearestNeighbours } from '../../packages/muster/src/cluster/index.ts';
import type { KMeansMetric, NeighbourMetric } from '../../packages/muster/src/cluster/index.ts';
import { CaseError } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';

/** kmeans.* and knn.*. */
export const clusteringKinds: Readonly<Record<string, Kind>> = {
  'kmeans.lloyd': (c) => {
    const metric = kmeansMetric(c);
    const { labels, centres, inertia } = lloyd(c.input('x'), c.input('start'), {
      metric,
      maxIterations: c.number('maxIterations'),
    });
    return { labels, centres, inertia };
  },
  'knn.exact': (c) => {
    const query = c.has('query') ? c.input('query') : undefined;
    const options = { metric: neighbourMetric(c), k: c.number('k'), includeSelf: c.boolean('includeSelf'), query };
    const { indices, values } = nearestNeighbours(c.input('x'), options);
    return { indices, values };
  },
};

function kmeansMetric(c: ParityCase): KMeansMetric {
  const metric = c.string('metric');
  if (metric === 'euclidean' || metric === 'spherical') return metric;
  throw new CaseError(`${c.id}: unknown metric ${metric}`);
}

function neighbourMetric(c: ParityCase): NeighbourMetric {
  const metric = c.string('metric');
  if (metric === 'ip' || metric === 'cosine' || metric === 'euclidean') return metric;
  throw new CaseError(`${c.id}: unknown metric ${metric}`);
}
