import type { Generator, Tensor } from '../index.ts';
import { Module, moduleError } from './module.ts';

/** Where random masks come from. */
export interface DropOptions {
  readonly generator?: Generator;
}

/** Sets entries to zero with probability p in training and scales the others by 1 / (1 - p). */
export class Dropout extends Module {
  readonly p: number;
  private readonly generator: Generator | undefined;

  constructor(p = 0.5, { generator }: DropOptions = {}) {
    super();
    this.p = probability('Dropout', p);
    this.generator = generator;
  }

  forward(input: Tensor): Tensor {
    return this.training ? drop(input, input.shape, this.p, this.generator) : input;
  }
}

/** Sets whole samples (first axis) of a residual branch to zero with probability p in training (stochastic depth, Huang et al. 2016). */
export class DropPath extends Module {
  readonly p: number;
  private readonly generator: Generator | undefined;

  constructor(p = 0, { generator }: DropOptions = {}) {
    super();
    this.p = probability('DropPath', p);
    this.generator = generator;
  }

  forward(input: Tensor): Tensor {
    if (!this.training || this.p === 0) return input;
    const shape = input.shape.map((size, axis) => (axis === 0 ? size : 1));
    return drop(input, shape, this.p, this.generator);
  }
}

function drop(input: Tensor, maskShape: readonly number[], p: number, generator: Generator | undefined): Tensor {
  if (p === 0) return input;
  if (p === 1) return input.mul(0);
  const mask = input
    .newEmpty(maskShape)
    .bernoulli_(1 - p, { generator })
    .div_(1 - p);
  return input.mul(mask);
}

function probability(module: string, p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw moduleError(module, `a probability lies between 0 and 1, got ${p}`);
}
