import { scope } from '@muster/torch';
import { z } from 'zod';
import { birch as buildTree } from '../cluster/index.ts';
import { defineMethod, PrototypeModel, rowOptions, RowScaling, varianceAroundNearest } from './method.ts';
import type { Fit } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),
  ...rowOptions,
  threshold: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('largest radius of a subcluster; by default from a sample'),
  branching: z.int().min(2).default(50).describe('entries of a node of the tree'),
});

/** One pass into a tree of subclusters, which are joined into groups. */
export const birch = defineMethod({
  id: 'birch',
  title: 'BIRCH',
  paper: 'Zhang, Ramakrishnan and Livny, 1996',
  needs: 'either',
  promises: 'up-to-k',
  options,
  cost: 'N D times the depth of the tree; then Ward on the subclusters',
  restore: (stored) => PrototypeModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { groups, threshold, branching } = given;
    const { device, signal } = context;
    const scaling = RowScaling.reduced(embeddings, given, context);
    return scope(() => {
      const x = scaling.applyAll(embeddings, device);
      const found = buildTree(x, { k: groups, threshold: threshold ?? undefined, branching, signal });
      const prototypes = found.subclusters.to('float32').to({ device });
      const variance = varianceAroundNearest(x, prototypes);
      const groupOf = found.subclusterLabels.to({ device }).clone();
      const model = new PrototypeModel({ scaling, prototypes, groupOf, groups, radius: Infinity, variance });
      const values = { subclusters: prototypes.shape[0] ?? 0, threshold: found.threshold };
      return { model, groups, labels: Int32Array.from(found.labels.toNumbers()), values };
    });
  },
});
