import * as torch from '../index.ts';
import type { Generator, Tensor } from '../index.ts';
import { recorder } from '../recorder.ts';
import { Linear } from './linear.ts';
import { Module, moduleError } from './module.ts';

/** Options of {@link MultiHeadAttention}. */
export interface AttentionOptions {
  readonly heads: number;
  readonly qkvBias?: boolean;
  readonly generator?: Generator;
}

/** What an attention is masked with. */
export interface AttentionMask {
  /** Boolean (true: may be attended to) or additive, broadcast to [n, heads, t, t]. */
  readonly mask?: Tensor | null;
  /** Each token sees itself and earlier ones only. */
  readonly causal?: boolean;
}

/**
 * Multi-head self-attention in timm's layout: `qkv` [3 d, d] splits as (3, heads, d / heads), then `proj`.
 * softmax(q k' (d / heads)^-1/2) v over the keys (Vaswani et al. 2017, eq. 1).
 */
export class MultiHeadAttention extends Module {
  qkv: Linear;
  proj: Linear;
  readonly heads: number;

  /** Throws `E_ARG` if the heads do not divide `dim`. */
  constructor(dim: number, { heads, qkvBias = true, generator }: AttentionOptions) {
    super();
    if (dim % heads !== 0) throw moduleError('MultiHeadAttention', `${heads} heads do not divide the width ${dim}`);
    this.heads = heads;
    this.qkv = new Linear(dim, 3 * dim, { bias: qkvBias, generator });
    this.proj = new Linear(dim, dim, { generator });
  }

  /** [n, t, d] to [n, t, d]. */
  forward(input: Tensor, { mask = null, causal = false }: AttentionMask = {}): Tensor {
    const qkv = this.qkv.forward(input).unflatten(-1, [3, this.heads, -1]).permute([2, 0, 3, 1, 4]); // (3, n, heads, t, d / heads)
    const [q, k, v] = splitThree(qkv);
    const attended = torch.scaledDotProductAttention(q, k, v, mask, 0, causal);
    return this.proj.forward(attended.transpose(1, 2).flatten(2));
  }
}

/** The three parts along the first axis. Operators that give lists cannot be recorded; where they can be called, their backward is faster. */
function splitThree(qkv: Tensor): readonly [Tensor, Tensor, Tensor] {
  if (recorder.active !== null) return [qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2)];
  const [q, k, v] = torch.unbind(qkv);
  if (q === undefined || k === undefined || v === undefined)
    throw moduleError('MultiHeadAttention', 'qkv did not split in three');
  return [q, k, v];
}
