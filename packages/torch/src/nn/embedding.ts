import * as torch from '../index.ts';
import type { Generator, Tensor } from '../index.ts';
import { normal_ } from './init.ts';
import { Module } from './module.ts';

/** Rows of a table by index: int64 [...] to [..., dim]; weight [count, dim], normal with sd 1 at first. */
export class Embedding extends Module {
  weight: torch.Parameter;

  constructor(count: number, dim: number, { generator }: { generator?: Generator } = {}) {
    super();
    this.weight = new torch.Parameter(torch.empty([count, dim], { dtype: 'float32' }));
    normal_(this.weight, 0, 1, { generator });
  }

  forward(indices: Tensor): Tensor {
    return torch.embedding(this.weight, indices);
  }
}
