import { scope } from '@muster/torch';
import { z } from 'zod';
import { dbscan as findDense } from '../cluster/index.ts';
import { defineMethod, PrototypeModel, rowOptions, RowScaling } from './method.ts';
import type { Fit } from './method.ts';

const options = z.strictObject({
  ...rowOptions,
  radius: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('rows at most this far are neighbours; by default the knee of the distances'),
  minPoints: z.int().min(1).default(5).describe('neighbours that make a row the core of a group, itself counted'),
});

/** Groups wherever rows are dense; rows far from all of them are in none. */
export const dbscan = defineMethod({
  id: 'dbscan',
  title: 'DBSCAN',
  paper: 'Ester, Kriegel, Sander and Xu, 1996',
  needs: 'either',
  promises: 'as-many-as-found',
  options,
  cost: 'N² D, in blocks; its dense rows are kept',
  restore: (stored) => PrototypeModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { minPoints } = given;
    const { device, signal } = context;
    const scaling = RowScaling.reduced(embeddings, given, context);
    return scope(() => {
      const x = scaling.applyAll(embeddings, device);
      const found = findDense(x, { radius: given.radius ?? undefined, minPoints, signal });
      const labels = found.labels.to({ device });
      const cores = found.core.to({ device }).nonzero().squeeze(1);
      const groups = Math.max(1, found.groups);
      // Without any dense row the first one stands for a group that has no members but itself.
      const kept = cores.numel > 0 ? cores : labels.narrow(0, 0, 1).zerosLike();
      const prototypes = x.indexSelect(0, kept);
      const groupOf = labels.indexSelect(0, kept).clampMin(0);
      const variance = found.radius ** 2 / Math.max(1, x.shape[1] ?? 1);
      const model = new PrototypeModel({ scaling, prototypes, groupOf, groups, radius: found.radius, variance });
      return { model, groups, labels: Int32Array.from(found.labels.toNumbers()), values: { radius: found.radius } };
    });
  },
});
