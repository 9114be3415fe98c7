import { generator } from '@muster/torch';
import { Adam } from '@muster/torch/optim';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { scanLoss } from '../losses/index.ts';
import { ClusterHeads, headFrom, neighbourTraining, train } from '../train/index.ts';
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
import type { Fit } from './method.ts';

/** Settings of SCAN's clustering step on fixed features; the defaults are the code's for CIFAR-10. */
const options = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),
  neighbours: z.int().min(1).max(1000).default(20).describe('nearest others of an image'),
  includeSelf: z.boolean().default(true).describe('an image is one of its own neighbours, as in the code'),
  entropyWeight: z.number().min(0).default(5).describe('weight of the balance'),
  rows: z.enum(rowScalings).default('unit').describe('raw: as they are; unit, centred: all of length sqrt(D)'),
  pool: poolOption,
  epochs: z.int().min(0).default(50),
  batch: z.int().min(1).default(128),
  rate: z.number().positive().default(1e-4).describe('learning rate of Adam'),
  weightDecay: z.number().min(0).default(1e-4),
});

/**
 * SCAN's semantic clustering loss for a linear head on fixed features: the line that TSP and TAC compare with. The backbone is not
 * trained and there is no self-labelling, both of which need views of the images.
 */
export const scan = defineMethod({
  id: 'scan',
  title: 'SCAN: a head on frozen features, trained by neighbours (clustering step only)',
  paper: 'Van Gansbeke et al., "SCAN: Learning to Classify Images without Labels", ECCV 2020',
  promises: 'up-to-k',
  options,
  cost: 'neighbours N² D once, in blocks; then N D K an epoch',
  trains: true,
  restore: (stored) => HeadModel.restore(stored),

  async fit(data, given, context): Promise<Fit> {
    using own = new DisposableStack();
    const { embeddings } = data;
    const { device, seed, signal, emit } = context;
    const dim = embeddings.shape[1] ?? 0;
    const scaling = RowScaling.of(embeddings, given.rows, device, Math.sqrt(dim));
    const x = own.use(scaling.applyAll(embeddings, device)); // (N, D)
    const { neighbours: k, pool, includeSelf } = given;
    const { indices, recall } = findNeighbours(x, {
      k,
      known: data.neighbours,
      centred: given.rows === 'centred',
      pool,
      seed,
      signal,
      emit,
      withSelf: includeSelf,
    });
    const neighbours = own.use(indices);
    const weights = own.use(uniformWeights(neighbours));

    using random = generator(seedStream(seed, 'head'));
    const heads = own.use(new ClusterHeads({ dim, clusters: given.groups, generator: random }).to({ device }));
    const optimizer = own.use(new Adam(heads.parameters(), { lr: given.rate, weightDecay: given.weightDecay }));
    const loss = await train(
      neighbourTraining({
        name: 'scan',
        fingerprint: fingerprintOf(data, given),
        seed,
        epochs: given.epochs,
        batch: given.batch,
        x,
        neighbours,
        weights,
        heads,
        optimizer,
        pairs: 'sampled',
        loss: (anchors, others) => scanLoss(anchors, others, given).loss,
      }),
      context,
    );
    const state = heads.single(0);
    const head = headFrom(state, given.groups);
    for (const tensor of state.values()) tensor.dispose();
    const values = { loss, ...poolValues(pool, { neighbourRecall: recall }) };
    return { model: new HeadModel(scaling, head), groups: given.groups, values };
  },
});
