import { scope } from '@muster/torch';
import { z } from 'zod';
import { agglomerative as mergeRows } from '../cluster/index.ts';
import { CentreModel, defineMethod, rowOptions, RowScaling } from './method.ts';
import type { Fit } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups'),
  ...rowOptions,
  linkage: z.enum(['ward', 'average', 'complete', 'single']).default('ward'),
  metric: z.enum(['euclidean', 'cosine']).default('euclidean').describe('Ward goes with Euclidean distances alone'),
  neighbours: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('merge only along a graph of so many neighbours; by default 20 above 20,000 rows'),
});

/** Bottom-up clustering. Rows that it was not fitted on get the group of the nearest mean. */
export const agglomerative = defineMethod({
  id: 'agglomerative',
  title: 'Agglomerative clustering',
  paper: 'Ward, 1963; Lance and Williams, 1967',
  needs: 'either',
  promises: 'exactly-k',
  options,
  cost: 'N² D up to 20,000 rows, then along a neighbour graph',
  restore: (stored) => CentreModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { groups, linkage, metric, neighbours } = given;
    const { device, signal } = context;
    const scaling = RowScaling.reduced(embeddings, given, context);
    return scope(() => {
      const x = scaling.applyAll(embeddings, device);
      const labels = mergeRows(x, groups, { linkage, metric, neighbours: neighbours ?? undefined, signal });
      const model = CentreModel.aroundMeans(scaling, x, labels.to({ device }), groups);
      return { model, groups, labels: Int32Array.from(labels.toNumbers()) };
    });
  },
});
