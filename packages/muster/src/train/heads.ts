import * as torch from '@muster/torch';
import { Parameter } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import { BatchNorm1d, init, Linear, Module, ReLU, Sequential } from '@muster/torch/nn';

/** Size and start of {@link ClusterHeads}. */
export interface ClusterHeadsOptions {
  /** Width of the embeddings, D. */
  readonly dim: number;
  /** Clusters of each head, K. */
  readonly clusters: number;
  /** Heads trained side by side, H. Default 1. */
  readonly heads?: number;
  /** Units of a hidden layer (ReLU) of each head; 0: the heads are linear. Default 0. */
  readonly hidden?: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly generator: Generator;
}

/**
 * Heads over the same embeddings as one batched tensor: H independent maps to K logits, uniform within ±1/sqrt(fan in) at first.
 */
export class ClusterHeads extends Module {
  readonly heads: number;
  readonly clusters: number;
  /** [H hidden, D], or null. */
  hiddenWeight: Parameter | null;
  /** [H hidden], or null. */
  hiddenBias: Parameter | null;
  /** [H K, D or hidden]. */
  weight: Parameter;
  /** [H K], or null. */
  bias: Parameter | null;

  constructor({ dim, clusters, heads = 1, hidden = 0, bias = true, generator }: ClusterHeadsOptions) {
    super();
    this.heads = heads;
    this.clusters = clusters;
    this.hiddenWeight = hidden > 0 ? uniform([heads * hidden, dim], dim, generator) : null;
    this.hiddenBias = hidden > 0 ? uniform([heads * hidden], dim, generator) : null;
    const fanIn = hidden > 0 ? hidden : dim;
    this.weight = uniform([heads * clusters, fanIn], fanIn, generator);
    this.bias = bias ? uniform([heads * clusters], fanIn, generator) : null;
  }

  /** [n, D] to logits [H, n, K]. */
  forward(x: Tensor): Tensor {
    return this.clustersFirst(x).transpose(1, 2);
  }

  /** [n, D] to logits [H, K, n]: with few clusters this product takes half the time of the other, and so does what follows. */
  clustersFirst(x: Tensor): Tensor {
    const { heads, clusters } = this;
    const rows = x.shape[0] ?? 0;
    const logits = this.hiddenWeight === null ? this.weight.mm(x.t()) : this.throughHidden(x, this.hiddenWeight);
    return (this.bias === null ? logits : logits.add(this.bias.unsqueeze(1))).view([heads, clusters, rows]);
  }

  /** Logits [H K, n] of heads with a hidden layer, without the last bias. */
  private throughHidden(x: Tensor, hiddenWeight: Tensor): Tensor {
    const { heads, clusters } = this;
    const rows = x.shape[0] ?? 0;
    const inner = hiddenWeight.mm(x.t()); // (H hidden, n)
    const hidden = (this.hiddenBias === null ? inner : inner.add(this.hiddenBias.unsqueeze(1))).relu();
    return this.weight
      .view([heads, clusters, -1])
      .bmm(hidden.view([heads, -1, rows]))
      .view([heads * clusters, rows]);
  }

  /** The tensors of one head alone, copied, as the state of a `ClusterHeads` with one head. */
  single(index: number): Map<string, Tensor> {
    return new Map(
      [...this.stateDict()].map(([name, value]) => {
        const size = (value.shape[0] ?? 0) / this.heads;
        return [
          name,
          torch.scope(() =>
            value
              .detach()
              .narrow(0, index * size, size)
              .clone(),
          ),
        ];
      }),
    );
  }
}

/** A linear map of given weights as a head of its own; takes copies. */
export function headFrom(state: ReadonlyMap<string, Tensor>, clusters: number): ClusterHeads {
  const hiddenWeight = state.get('hidden_weight');
  const weight = state.get('weight');
  using generator = torch.generator(0);
  const head = new ClusterHeads({
    dim: (hiddenWeight ?? weight)?.shape[1] ?? 0,
    clusters,
    hidden: hiddenWeight?.shape[0] ?? 0,
    bias: state.has('bias'),
    generator,
  });
  head.loadStateDict(state);
  return head;
}

/** Standard deviation of the start of TAC's heads. */
const TAC_SD = 0.02;

/**
 * TAC's cluster head: linear, batch norm, ReLU, linear; the softmax is the caller's. Source: TAC section 3.3 ("two-layer MLPs"); the
 * batch norm and the start N(0, .02²) are the code's.
 */
export class TacHead extends Sequential {
  readonly first: Linear;
  readonly norm: BatchNorm1d;
  readonly last: Linear;

  constructor(dim: number, hidden: number, clusters: number, generator: Generator) {
    const first = new Linear(dim, hidden, { generator });
    const norm = new BatchNorm1d(hidden);
    const last = new Linear(hidden, clusters, { generator });
    for (const { weight } of [first, last]) init.truncNormal_(weight, { sd: TAC_SD, generator });
    super(first, norm, new ReLU(), last);
    this.first = first;
    this.norm = norm;
    this.last = last;
  }

  /**
   * Passes that follow one another through the head in one matrix product each layer: the batch norm alone treats every pass by
   * itself, as if they came one by one.
   *
   * @param x [passes n, D]
   * @returns probabilities, [passes n, K]
   */
  probabilities(x: Tensor, passes = 1): Tensor {
    const hidden = this.first.forward(x);
    const normed =
      passes === 1 ? this.norm.forward(hidden) : torch.cat(hidden.chunk(passes).map((part) => this.norm.forward(part)));
    return this.last.forward(normed.relu_()).softmax(1);
  }
}

function uniform(shape: readonly number[], fanIn: number, generator: Generator): Parameter {
  const bound = 1 / Math.sqrt(fanIn);
  return new Parameter(init.uniform_(torch.empty(shape, { dtype: 'float32' }), -bound, bound, { generator }));
}
