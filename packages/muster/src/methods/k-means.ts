import { generator, scope } from '@muster/torch';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { kmeans as findCentres } from '../cluster/index.ts';
import { CentreModel, defineMethod, rowOptions, RowScaling, varianceAround } from './method.ts';
import type { Fit } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups'),
  ...rowOptions,
  metric: z.enum(['euclidean', 'spherical']).default('euclidean'),
  restarts: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('k-means++ starts; the best is kept. By default 10 to 50, more on small data; by mini-batches 1 to 10'),
  rounds: z.int().min(1).default(300).describe('at most'),
  algorithm: z
    .enum(['auto', 'lloyd', 'mini-batch'])
    .default('auto')
    .describe('auto: mini-batches for more than 2^28 numbers, such as 524,288 rows of 512'),
});

/** k-means from the best of several k-means++ starts, Euclidean or by direction: Lloyd's, or by mini-batches on large tables. */
export const kMeans = defineMethod({
  id: 'k-means',
  title: 'k-means',
  paper: 'Lloyd, 1982; Arthur and Vassilvitskii, 2007; spherical: Dhillon and Modha, 2001',
  needs: 'either',
  promises: 'exactly-k',
  options,
  cost: 'N K D a round',
  restore: (stored) => CentreModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { groups: k, metric, rounds, algorithm } = given;
    const { seed, device, signal } = context;
    const scaling = RowScaling.reduced(embeddings, given, context);
    const fit = scope(() => {
      using random = generator(seedStream(seed, 'k-means'));
      const x = scaling.applyAll(embeddings, device);
      const starts = { restarts: given.restarts ?? undefined, lloydRestarts: startsFor(x.numel * k) };
      const limits = { maxIterations: rounds, generator: random, signal };
      const found = findCentres(x, { k, metric, algorithm, ...starts, ...limits });
      const centres = found.centres.to('float32');
      return {
        centres,
        variance: varianceAround(x, centres, found.labels),
        inertia: found.inertia,
        rounds: found.iterations,
      };
    });
    const model = new CentreModel(scaling, fit.centres, fit.variance, metric);
    return { model, groups: k, values: { inertia: fit.inertia, rounds: fit.rounds } };
  },
});

/** Multiplications that the starts may take together, and how many rounds of k-means a start takes about. */
const START_BUDGET = 5e10;
const ROUNDS = 20;

/** As many starts as the budget allows, 10 to 50: on small data single starts differ most and cost least. */
function startsFor(productsARound: number): number {
  return Math.min(50, Math.max(10, Math.round(START_BUDGET / (ROUNDS * productsARound))));
}
