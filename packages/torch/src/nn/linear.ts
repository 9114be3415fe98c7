import * as torch from '../index.ts';
import type { Generator, Tensor } from '../index.ts';
import { defaultLinear_ } from './init.ts';
import { Module } from './module.ts';

/** y = x W' + b over the last axis, [..., in] to [..., out]; weight [out, in], bias [out]. */
export class Linear extends Module {
  weight: torch.Parameter;
  bias: torch.Parameter | null;

  /** Initialised as PyTorch does: uniform within ±1/sqrt(in). */
  constructor(
    inFeatures: number,
    outFeatures: number,
    { bias = true, generator }: { bias?: boolean; generator?: Generator } = {},
  ) {
    super();
    this.weight = new torch.Parameter(torch.empty([outFeatures, inFeatures], { dtype: 'float32' }));
    this.bias = bias ? new torch.Parameter(torch.empty([outFeatures], { dtype: 'float32' })) : null;
    defaultLinear_(this.weight, this.bias, { generator });
  }

  forward(input: Tensor): Tensor {
    return torch.linear(input, this.weight, this.bias);
  }
}
