import { generator, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { Adam } from '@muster/torch/optim';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { kmeans } from '../cluster/index.ts';
import { ClusterHeads, headFrom, train } from '../train/index.ts';
import {
  defineMethod,
  findNeighbours,
  fingerprintOf,
  HeadModel,
  poolOption,
  poolValues,
  RowScaling,
  rowScalings,
  uniformWeights,
} from './method.ts';
import type { EmbeddingData, Fit, MethodContext } from './method.ts';
import { lossOfHeads } from './tsp/evaluate.ts';
import { tspTraining } from './tsp/training.ts';
import { gaussianWeights, headOfCentres } from './tsp/weights.ts';

/** Settings of TSP; the defaults are the paper's, but for the rows' scale and the number of heads, which recipes of the paper set. */
const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),
  neighbours: z.int().min(1).max(1000).default(20).describe('nearest others of an image; the paper tries 5 to 30'),
  weights: z.enum(['gaussian', 'hard']).default('gaussian').describe('eq. 4, or all neighbours alike'),
  pairs: z
    .enum(['sampled', 'exact'])
    .default('sampled')
    .describe('one drawn neighbour a visit, or the weighted sum over all'),
  lambda: z.number().min(0).default(3).describe('weight of the balance'),
  start: z.enum(['k-means', 'random']).default('k-means').describe('how the head begins; k-means: a linear one only'),
  restarts: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('k-means starts; the best is kept. By default 10; by mini-batches 1 to 10'),
  rows: z.enum(rowScalings).default('centred').describe('raw: as they are; unit, centred: all of length sqrt(D)'),
  search: z
    .enum(['unit', 'raw'])
    .default('unit')
    .describe('neighbours by the cosine, or by the distance of the rows as they are'),
  pool: poolOption,
  hidden: z
    .int()
    .min(0)
    .default(0)
    .describe('units of a hidden layer, with which every head starts at random; 0: a linear head'),
  bias: z.boolean().default(true),
  heads: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('heads trained side by side; the one of least loss is kept. The paper trains one'),
  epochs: z.int().min(0).default(100),
  batch: z.int().min(1).default(256),
  rate: z.number().positive().default(1e-4).describe('learning rate of Adam'),
});

type Options = z.output<typeof options>;

/**
 * Self-supervised features, k-means, and a head that gives neighbours the same group and uses all groups alike.
 *
 * The paper trains on features as they leave the backbone. Here all rows get the length sqrt(D) first, since with rows of length 1 its
 * k-means start hardly learns; `rows = "raw"` is the paper's way for features that have that length by themselves.
 */
export const tsp = defineMethod({
  id: 'tsp',
  title: 'TSP: a head on frozen features, trained by weighted neighbours',
  paper: 'Zhou and Zhang, "Deep Clustering with Features from Self-Supervised Pretraining", 2022',
  promises: 'up-to-k',
  options,
  cost: 'neighbours N² D once, in blocks; then N D K an epoch',
  trains: true,
  restore: (stored) => HeadModel.restore(stored),

  async fit(data, given, context): Promise<Fit> {
    using own = new DisposableStack();
    const { embeddings } = data;
    const dim = embeddings.shape[1] ?? 0;
    const scaling = RowScaling.of(embeddings, given.rows, context.device, Math.sqrt(dim));
    const x = own.use(scaling.applyAll(embeddings, context.device)); // (N, D)
    const { neighbours, weights, recall } = weighNeighbours(data, x, given, context);
    own.use(neighbours);
    own.use(weights);

    const heads = own.use(startHeads(x, given, context));
    const startConfidence = meanConfidence(heads, x);
    const optimizer = own.use(new Adam(heads.parameters(), { lr: given.rate }));
    const { epochs, batch, pairs, lambda } = given;
    const fingerprint = fingerprintOf(data, given);
    const training = tspTraining({
      fingerprint,
      seed: context.seed,
      epochs,
      batch,
      x,
      neighbours,
      weights,
      heads,
      optimizer,
      pairs,
      lambda,
    });
    await train(training, context);

    const losses = lossOfHeads(heads, x, neighbours, weights, lambda);
    const best = losses.indexOf(Math.min(...losses));
    const state = heads.single(best);
    const head = headFrom(state, given.groups);
    for (const tensor of state.values()) tensor.dispose();
    const scale = meanNorm(embeddings) / Math.sqrt(dim);
    return {
      model: new HeadModel(scaling, head),
      groups: given.groups,
      values: {
        loss: losses[best] ?? NaN,
        startConfidence,
        scale,
        ...poolValues(given.pool, { neighbourRecall: recall }),
      },
    };
  },
});

/** Neighbours and their weights (eq. 4). */
function weighNeighbours(
  data: EmbeddingData,
  x: Tensor,
  { neighbours: k, weights, search, pool, rows: rowsName }: Options,
  { seed, signal, device, emit }: MethodContext,
): { neighbours: Tensor; weights: Tensor; recall: number | null } {
  return scope(() => {
    // A common length changes neither the order of cosines nor the weights, so x serves unless it was left raw.
    const asGiven = search === 'raw' || rowsName === 'raw';
    const rows = asGiven ? RowScaling.of(data.embeddings, search, device).applyAll(data.embeddings, device) : x;
    const metric = search === 'raw' ? 'euclidean' : 'cosine';
    const centred = rowsName === 'centred' && !asGiven;
    const { indices: neighbours, recall } = findNeighbours(rows, {
      k,
      metric,
      known: data.neighbours,
      centred,
      pool,
      seed,
      signal,
      emit,
    });
    const found = weights === 'hard' ? uniformWeights(neighbours) : gaussianWeights(rows, neighbours).weights;
    return { neighbours, weights: found, recall };
  });
}

/** Heads at random, or from k-means centres each (appendix A). */
function startHeads(
  x: Tensor,
  { groups, heads, hidden, bias, start, restarts }: Options,
  context: MethodContext,
): ClusterHeads {
  using random = generator(seedStream(context.seed, 'head'));
  const dim = x.shape[1] ?? 0;
  const made = new ClusterHeads({ dim, clusters: groups, heads, hidden, bias, generator: random });
  if (start === 'k-means' && hidden === 0) startFromCentres(made, x, { groups, heads, restarts }, context);
  return made.to({ device: context.device });
}

/** Sets the rows of each head to the directions of k-means centres of its own. */
function startFromCentres(
  made: ClusterHeads,
  x: Tensor,
  { groups, heads, restarts }: Pick<Options, 'groups' | 'heads' | 'restarts'>,
  context: MethodContext,
): void {
  for (let head = 0; head < heads; head++) {
    scope(() => {
      using starts = generator(seedStream(context.seed, 'k-means', head));
      const settings = { k: groups, restarts: restarts ?? undefined, generator: starts, signal: context.signal };
      const { centres } = kmeans(x, settings);
      noGrad(() => {
        made.weight.narrow(0, head * groups, groups).copy_(headOfCentres(centres));
        made.bias?.narrow(0, head * groups, groups).zero_();
      });
    });
  }
}

/** Rows that the two numbers below are taken from. */
const SAMPLE_ROWS = 4096;

/** Mean top probability of the first head: next to 1 / K the head has not begun, whatever its loss. */
function meanConfidence(heads: ClusterHeads, x: Tensor): number {
  const sample = Math.min(SAMPLE_ROWS, x.shape[0] ?? 0);
  return noGrad(() =>
    scope(() =>
      heads
        .forward(x.narrow(0, 0, sample))
        .select(0, 0)
        .softmax(1)
        .max(1)[0]
        .mean()
        .item(),
    ),
  );
}

function meanNorm(x: Tensor): number {
  const sample = Math.min(SAMPLE_ROWS, x.shape[0] ?? 0);
  return scope(() => x.narrow(0, 0, sample).square().sum([1]).sqrt().mean().item());
}
