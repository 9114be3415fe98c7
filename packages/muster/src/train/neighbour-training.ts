import * as torch from '@muster/torch';
import { generator, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Optimizer } from '@muster/torch/optim';
import { seedStream } from '../base/index.ts';
import type { Epoch, Training } from './epochs.ts';
import type { ClusterHeads } from './heads.ts';

/** A training of heads by pairs of neighbours. */
export interface NeighbourTrainingOptions {
  readonly name: string;
  readonly fingerprint: string;
  readonly seed: number;
  readonly epochs: number;
  /** Anchors of a step, at most as many as there are rows; a last, smaller batch is dropped. */
  readonly batch: number;
  /** [N, D] on the heads' device. */
  readonly x: Tensor;
  /** int64 [N, K]. */
  readonly neighbours: Tensor;
  /** [N, K], rows summing to 1: the probability that a neighbour is drawn, or its weight where all are used. */
  readonly weights: Tensor;
  readonly heads: ClusterHeads;
  readonly optimizer: Optimizer;
  /** One drawn neighbour an anchor, or all of them. */
  readonly pairs: 'sampled' | 'exact';
  /**
   * The loss of each head, [H].
   *
   * @param anchors logits [H, B, C]
   * @param neighbours logits [H, B, C], or [H, B, K, C] where all are used
   * @param weights [B, K]
   */
  loss(anchors: Tensor, neighbours: Tensor, weights: Tensor): Tensor;
  /**
   * The same loss [H] and its derivative for drawn pairs, where there is a quicker way than a graph.
   *
   * @param logits [H, C, 2B]: the anchors, then a neighbour of each
   */
  lossAndGradient?(logits: Tensor): { readonly loss: Tensor; readonly gradient: Tensor };
}

/** Makes the training; what it returns holds no tensors of its own. */
export function neighbourTraining(options: NeighbourTrainingOptions): Training {
  const { name, fingerprint, epochs, heads, optimizer } = options;
  return {
    name,
    fingerprint,
    epochs,
    state: () => trainingState([heads.stateDict()], optimizer),
    begin: (epoch) => (options.pairs === 'sampled' ? sampledEpoch(options, epoch) : exactEpoch(options, epoch)),
  };
}

/** Weights of networks and, with an optimiser, its moments under one set of names. */
export function trainingState(
  networks: readonly ReadonlyMap<string, Tensor>[],
  optimizer?: Optimizer,
): Map<string, Tensor> {
  const state = new Map<string, Tensor>();
  networks.forEach((network, index) => {
    for (const [name, tensor] of network) state.set(`network.${index}.${name}`, tensor);
  });
  for (const [name, tensor] of optimizer?.state() ?? []) state.set(`optimizer.${name}`, tensor);
  return state;
}

/** Rows in random order as batches: int64 [steps, batch]. The last rows that fill no batch are left out. */
export function shuffledBatches(n: number, batch: number, seed: number, epoch: number): Tensor {
  const size = Math.min(batch, n);
  const steps = Math.floor(n / size);
  return scope(() => {
    using random = generator(seedStream(seed, 'shuffle', epoch));
    return torch
      .randperm(n, { generator: random, dtype: 'int64' })
      .narrow(0, 0, steps * size)
      .view([steps, size]);
  });
}

/**
 * One neighbour for every row.
 *
 * @param neighbours int64 [N, K]
 * @param cumulative [N, K] running sums of the neighbours' probabilities; undefined: all alike
 * @param stream name of the random stream
 * @returns int64 [N]
 */
export function drawNeighbours(
  neighbours: Tensor,
  cumulative: Tensor | undefined,
  { seed, epoch, stream }: { seed: number; epoch: number; stream: string },
): Tensor {
  const [n = 0, k = 0] = neighbours.shape;
  return scope(() => {
    using random = generator(seedStream(seed, stream, epoch));
    const uniform = torch.rand([n, 1], { generator: random, dtype: 'float32' }).to({ device: neighbours.device });
    const place = cumulative === undefined ? uniform.mul(k).to('int64') : cumulative.lt(uniform).sum([1], true);
    return neighbours.gather(1, place.clampMax(k - 1)).squeeze(1);
  });
}

/** What an epoch of drawn pairs depends on. */
export type PairOptions = Pick<NeighbourTrainingOptions, 'neighbours' | 'weights' | 'batch' | 'seed'>;

/** The rows of every step of an epoch: int64 [steps, 2B], the anchors and then a neighbour of each, drawn by its weight. */
export function drawPairs({ neighbours, weights, batch, seed }: PairOptions, epoch: number): Tensor {
  return scope(() => {
    const order = shuffledBatches(neighbours.shape[0] ?? 0, batch, seed, epoch).to({ device: neighbours.device });
    const drawn = drawNeighbours(neighbours, weights.cumsum(1), { seed, epoch, stream: 'neighbour' });
    return torch.cat([order, drawn.indexSelect(0, order.view([-1])).viewAs(order)], 1);
  });
}

function sampledEpoch(options: NeighbourTrainingOptions, epoch: number): Epoch & Disposable {
  const { x, weights, heads } = options;
  const plan = drawPairs(options, epoch);
  const [steps = 0, both = 0] = plan.shape;
  const size = both / 2;
  return {
    steps,
    step: (index) => {
      const rows = x.indexSelect(0, plan.select(0, index)); // (2B, D)
      if (options.lossAndGradient !== undefined) {
        const logits = heads.clustersFirst(rows);
        return descendBy(options, logits, options.lossAndGradient(logits.detach()));
      }
      const logits = heads.forward(rows); // (H, 2B, C)
      return descend(options, options.loss(logits.narrow(1, 0, size), logits.narrow(1, size, size), weights));
    },
    [Symbol.dispose]: () => plan.dispose(),
  };
}

function exactEpoch(options: NeighbourTrainingOptions, epoch: number): Epoch & Disposable {
  const { x, neighbours, weights, heads, seed } = options;
  const order = scope(() => shuffledBatches(x.shape[0] ?? 0, options.batch, seed, epoch).to({ device: x.device }));
  const [steps = 0, size = 0] = order.shape;
  return {
    steps,
    step: (index) => {
      const anchors = order.select(0, index);
      const theirs = neighbours.indexSelect(0, anchors); // (B, K)
      const logits = heads.forward(x.indexSelect(0, torch.cat([anchors, theirs.view([-1])])));
      const [own, others] = logits.split([size, theirs.numel], 1);
      if (own === undefined || others === undefined) throw new RangeError('a batch has two parts');
      const pairs = others.reshape([heads.heads, size, -1, heads.clusters]);
      return descend(options, options.loss(own, pairs, weights.indexSelect(0, anchors)));
    },
    [Symbol.dispose]: () => order.dispose(),
  };
}

/** One step down the sum of the heads' losses; gives their mean. */
function descend({ optimizer, heads }: NeighbourTrainingOptions, losses: Tensor): Tensor {
  const total = losses.sum();
  optimizer.zeroGrad();
  total.backward();
  optimizer.step();
  return noGrad(() => total.detach().div(heads.heads));
}

/** The same with a derivative by the logits that is known already. */
function descendBy(
  { optimizer, heads }: NeighbourTrainingOptions,
  logits: Tensor,
  { loss, gradient }: { readonly loss: Tensor; readonly gradient: Tensor },
): Tensor {
  optimizer.zeroGrad();
  logits.backward(gradient);
  optimizer.step();
  return heads.heads === 1 ? loss.squeeze(0) : loss.mean();
}
