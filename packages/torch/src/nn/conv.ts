import * as torch from '../index.ts';
import type { Generator, Tensor } from '../index.ts';
import { defaultLinear_ } from './init.ts';
import { Module, moduleError } from './module.ts';

/** One number for rows and columns, or [rows, columns]. */
export type Pair = number | readonly [number, number];

/** Options of a 2-D convolution, PyTorch's defaults. */
export interface Conv2dOptions {
  readonly stride?: Pair;
  /** Zeros on both sides: [top = bottom, left = right]. */
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly generator?: Generator;
}

/** 2-D cross-correlation, [n, in, h, w] to [n, out, h', w']; weight [out, in / groups, kh, kw], bias [out]. */
export class Conv2d extends Module {
  weight: torch.Parameter;
  bias: torch.Parameter | null;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;

  /** Initialised as PyTorch does: uniform within ±1/sqrt(fan in). Throws `E_ARG` if groups do not divide the channels. */
  constructor(inChannels: number, outChannels: number, kernel: Pair, options: Conv2dOptions = {}) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, generator } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw moduleError('Conv2d', `${groups} groups divide neither ${inChannels} nor ${outChannels} channels evenly`);
    }
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
    const shape = [outChannels, inChannels / groups, ...asPair(kernel)];
    this.weight = new torch.Parameter(torch.empty(shape, { dtype: 'float32' }));
    this.bias = bias ? new torch.Parameter(torch.empty([outChannels], { dtype: 'float32' })) : null;
    defaultLinear_(this.weight, this.bias, { generator });
  }

  forward(input: Tensor): Tensor {
    return torch.conv2d(
      input,
      this.weight,
      this.bias,
      asPair(this.stride),
      asPair(this.padding),
      asPair(this.dilation),
      this.groups,
    );
  }
}

/** Both numbers of a pair. */
export function asPair(pair: Pair): readonly [number, number] {
  return typeof pair === 'number' ? [pair, pair] : pair;
}
