import * as torch from '../index.ts';
import type { Generator, Tensor } from '../index.ts';
import { activations } from './activation.ts';
import type { ActivationName } from './activation.ts';
import { MultiHeadAttention } from './attention.ts';
import type { AttentionMask } from './attention.ts';
import { DropPath } from './dropout.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import type { Layer } from './module.ts';
import { LayerNorm } from './normalisation.ts';

/** Linear, activation, linear: [..., dim] to [..., out], `out` being dim unless given. */
export class Mlp extends Module {
  fc1: Linear;
  act: Layer;
  fc2: Linear;

  constructor(
    dim: number,
    hidden: number,
    {
      out = dim,
      activation = 'gelu',
      generator,
    }: { out?: number; activation?: ActivationName; generator?: Generator } = {},
  ) {
    super();
    this.fc1 = new Linear(dim, hidden, { generator });
    this.act = activations[activation]();
    this.fc2 = new Linear(hidden, out, { generator });
  }

  forward(input: Tensor): Tensor {
    return this.fc2.forward(this.act.forward(this.fc1.forward(input)));
  }
}

/** A learned factor for each channel (CaiT, DINOv2). */
export class LayerScale extends Module {
  gamma: torch.Parameter;

  constructor(dim: number, initial = 1e-5) {
    super();
    this.gamma = new torch.Parameter(torch.full([dim], initial, { dtype: 'float32' }));
  }

  forward(input: Tensor): Tensor {
    return input.mul(this.gamma);
  }
}

/** Options of {@link TransformerBlock}. */
export interface TransformerBlockOptions {
  readonly heads: number;
  /** Width of the MLP's hidden layer; default 4 dim. */
  readonly hidden?: number;
  readonly qkvBias?: boolean;
  readonly eps?: number;
  readonly activation?: ActivationName;
  /** First value of the factors on both branches; without it there are none. */
  readonly layerScale?: number;
  /** Probability of leaving a branch out for a sample, in training. */
  readonly dropPath?: number;
  readonly generator?: Generator;
}

/** Pre-norm transformer block in timm's names: x + attn(norm1(x)), then x + mlp(norm2(x)) (Dosovitskiy et al. 2021, eq. 2-3). */
export class TransformerBlock extends Module {
  norm1: LayerNorm;
  attn: MultiHeadAttention;
  ls1: LayerScale | null;
  norm2: LayerNorm;
  mlp: Mlp;
  ls2: LayerScale | null;
  readonly dropPath: DropPath;

  constructor(dim: number, options: TransformerBlockOptions) {
    super();
    const { heads, hidden = 4 * dim, qkvBias, eps = 1e-6, activation, layerScale, dropPath = 0, generator } = options;
    this.norm1 = new LayerNorm(dim, { eps });
    this.attn = new MultiHeadAttention(dim, { heads, qkvBias, generator });
    this.ls1 = layerScale === undefined ? null : new LayerScale(dim, layerScale);
    this.norm2 = new LayerNorm(dim, { eps });
    this.mlp = new Mlp(dim, hidden, { activation, generator });
    this.ls2 = layerScale === undefined ? null : new LayerScale(dim, layerScale);
    this.dropPath = new DropPath(dropPath, { generator });
  }

  /** [n, t, dim] to [n, t, dim]. */
  forward(input: Tensor, mask: AttentionMask = {}): Tensor {
    const attended = input.add(this.branch(this.attn.forward(this.norm1.forward(input), mask), this.ls1));
    return attended.add(this.branch(this.mlp.forward(this.norm2.forward(attended)), this.ls2));
  }

  private branch(value: Tensor, scale: LayerScale | null): Tensor {
    return this.dropPath.forward(scale === null ? value : scale.forward(value));
  }
}
