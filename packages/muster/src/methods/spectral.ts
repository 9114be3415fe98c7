import { generator, scope } from '@muster/torch';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { spectralClustering } from '../cluster/index.ts';
import { CentreModel, defineMethod, rowOptions, RowScaling } from './method.ts';
import type { Fit } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),
  ...rowOptions,
  affinity: z.enum(['knn', 'rbf', 'self-tuning']).default('knn').describe('what joins two rows'),
  neighbours: z.int().min(1).default(15).describe('of a row in the graph'),
  restarts: z.int().min(1).default(10).describe('k-means starts'),
});

/** Normalised spectral clustering. Rows that it was not fitted on get the group of the nearest mean. */
export const spectral = defineMethod({
  id: 'spectral',
  title: 'Spectral clustering',
  paper: 'Ng, Jordan and Weiss, 2001; self-tuning: Zelnik-Manor and Perona, 2004',
  needs: 'either',
  promises: 'up-to-k',
  options,
  cost: 'neighbours N² D once, in blocks; then N K² a round of the eigensolver',
  restore: (stored) => CentreModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { groups, affinity, neighbours, restarts } = given;
    const { seed, device, signal } = context;
    const scaling = RowScaling.reduced(embeddings, given, context);
    return scope(() => {
      using random = generator(seedStream(seed, 'spectral'));
      const x = scaling.applyAll(embeddings, device);
      const settings = affinity === 'rbf' ? {} : { neighbours };
      const { labels } = spectralClustering(x, {
        k: groups,
        affinity,
        ...settings,
        restarts,
        generator: random,
        signal,
      });
      const model = CentreModel.aroundMeans(scaling, x, labels.to({ device }), groups);
      return { model, groups, labels: Int32Array.from(labels.toNumbers()) };
    });
  },
});
