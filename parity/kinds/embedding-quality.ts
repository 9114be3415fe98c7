import { pca } from '../../packages/muster/src/cluster/index.ts';
import { silhouette, trustworthiness } from '../../packages/muster/src/metrics/index.ts';
import type { RowMetric } from '../../packages/muster/src/metrics/index.ts';
import { CaseError } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';

/** pca, silhouette, trustworthiness. */
export const embeddingQualityKinds: Readonly<Record<string, Kind>> = {
  pca: (c) => {
    const { mean, components, variance, ratio, scores } = pca(c.input('x'), {
      k: c.number('k'),
      whiten: c.boolean('whiten'),
    });
    return { mean, components, variance, ratio, scores };
  },
  silhouette: (c) => {
    const labels = c.input('labels').toTypedArray();
    if (!(labels instanceof BigInt64Array)) throw new CaseError(`${c.id}: labels is not I64`);
    const { samples, score } = silhouette(c.input('x'), labels, { metric: rowMetric(c) });
    return { samples, score };
  },
  trustworthiness: (c) => ({
    score: trustworthiness(c.input('x'), c.input('y'), { k: c.number('k'), metric: rowMetric(c) }),
  }),
};

function rowMetric(c: ParityCase): RowMetric {
  const metric = c.string('metric');
  if (metric === 'euclidean' || metric === 'cosine') return metric;
  throw new CaseError(`${c.id}: unknown metric ${metric}`);
}
