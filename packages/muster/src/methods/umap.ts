import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { gaussianMixture, kmeans, mixturePosterior, nearestNeighbours, umap as layOut } from '../cluster/index.ts';
import { defineMethod, rowOptions, RowScaling, settingNumber, storedTensor } from './method.ts';
import type { Fit, MethodContext, Model, StoredModel } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),
  ...rowOptions,
  dimensions: z.int().min(1).max(64).default(8).describe('of the layout that is grouped'),
  neighbours: z.int().min(2).default(15).describe('of a row, itself counted'),
  minDistance: z.number().min(0).default(0).describe('in the layout, below which points count as together'),
  epochs: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('of the layout; by default 500 up to 10,000 rows, 200 above'),
  grouping: z
    .enum(['k-means', 'mixture'])
    .default('k-means')
    .describe('what groups the layout; mixture: full covariances'),
  restarts: z.int().min(1).default(10).describe('starts of the grouping'),
});

type Options = z.output<typeof options>;

/** Groups of the nearest fitted rows: each of them has a vote. */
class VoteModel implements Model {
  private readonly scaling: RowScaling;
  /** [N, d] scaled rows of the fit. */
  private readonly rows: Tensor;
  /** int64 [N] */
  private readonly labels: Tensor;
  private readonly settings: { readonly groups: number; readonly neighbours: number };

  constructor(scaling: RowScaling, rows: Tensor, labels: Tensor, settings: { groups: number; neighbours: number }) {
    this.scaling = scaling;
    this.rows = rows;
    this.labels = labels;
    this.settings = settings;
  }

  probabilities(rows: Tensor): Tensor {
    const { groups, neighbours } = this.settings;
    return scope(() => {
      const query = this.scaling.apply(rows);
      const k = Math.min(neighbours, this.labels.numel);
      const { indices } = nearestNeighbours(this.rows, { k, query });
      const votes = this.labels.indexSelect(0, indices.view([-1])).view([-1, k]);
      const none = torch.zeros([votes.shape[0] ?? 0, groups], { dtype: 'float32', device: rows.device });
      return none.scatterAdd(1, votes, torch.full(votes.shape, 1 / k, { dtype: 'float32', device: rows.device }));
    });
  }

  store(): StoredModel {
    const { tensors, settings } = this.scaling.store();
    const own = new Map([...tensors, ['rows', this.rows], ['labels', this.labels]]);
    return { tensors: own, settings: { ...settings, ...this.settings } };
  }

  static restore(stored: StoredModel): VoteModel {
    const { tensors, settings } = stored;
    const [groups, neighbours] = [settingNumber(settings, 'groups'), settingNumber(settings, 'neighbours')];
    const [rows, labels] = [storedTensor(tensors, 'rows'), storedTensor(tensors, 'labels')];
    return new VoteModel(RowScaling.restore(stored), rows, labels, { groups, neighbours });
  }

  dispose(): void {
    this.scaling.dispose();
    this.rows.dispose();
    this.labels.dispose();
  }
}

/** UMAP's layout in a few dimensions, grouped by k-means or a mixture. New rows get the group of most of their nearest fitted rows. */
export const umap = defineMethod({
  id: 'umap',
  title: 'UMAP, then k-means or a mixture',
  paper: 'McInnes, Healy and Melville, 2018',
  needs: 'either',
  promises: 'up-to-k',
  options,
  cost: 'neighbours N² D once, in blocks; then N neighbours an epoch. The fitted rows are kept',
  restore: (stored) => VoteModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { groups, neighbours } = given;
    const scaling = RowScaling.reduced(embeddings, given, context);
    return scope(() => {
      const rows = scaling.applyAll(embeddings, context.device);
      const layout = layoutOf(rows, given, context).to({ device: context.device });
      const labels = groupLayout(layout, given, context);
      // Rows that are left as they are share the collection's memory, which may not outlive the fit.
      const kept = rows.clone();
      const model = new VoteModel(scaling, kept, labels, { groups, neighbours });
      return { model, groups, labels: Int32Array.from(labels.toNumbers()) };
    });
  },
});

function layoutOf(
  rows: Tensor,
  { dimensions, neighbours, minDistance, epochs }: Options,
  context: MethodContext,
): Tensor {
  const { seed, signal, emit } = context;
  using random = generator(seedStream(seed, 'layout'));
  const onEpoch = (done: number, total: number): void => {
    if (done % 10 === 0 || done === total) emit({ stage: 'umap', done, total, unit: 'epochs' });
  };
  return layOut(rows, {
    dimensions,
    neighbours,
    minDistance,
    epochs: epochs ?? undefined,
    generator: random,
    onEpoch,
    signal,
  });
}

function groupLayout(
  layout: Tensor,
  { groups: k, grouping, restarts }: Options,
  { seed, signal }: MethodContext,
): Tensor {
  using random = generator(seedStream(seed, 'groups'));
  if (grouping === 'k-means') return kmeans(layout, { k, restarts, generator: random, signal }).labels;
  const mixture = gaussianMixture(layout, { k, covariance: 'full', restarts, ridge: 1e-4, generator: random, signal });
  return mixturePosterior(layout, mixture).labels;
}
