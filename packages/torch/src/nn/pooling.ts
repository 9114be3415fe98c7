import * as torch from '../index.ts';
import type { Tensor } from '../index.ts';
import { asPair } from './conv.ts';
import type { Pair } from './conv.ts';
import { Module } from './module.ts';

/** Options of a pooling window; the stride's default is the kernel. */
export interface PoolOptions {
  readonly stride?: Pair;
  readonly padding?: Pair;
  /** Round the output's size up instead of down. */
  readonly ceilMode?: boolean;
}

/** Maximum over windows of [n, c, h, w]; pads with minus infinity. */
export class MaxPool2d extends Module {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;

  constructor(kernel: Pair, { stride = kernel, padding = 0, ceilMode = false }: PoolOptions = {}) {
    super();
    this.kernel = kernel;
    this.stride = stride;
    this.padding = padding;
    this.ceilMode = ceilMode;
  }

  forward(input: Tensor): Tensor {
    return torch.maxPool2d(input, asPair(this.kernel), asPair(this.stride), asPair(this.padding), 1, this.ceilMode);
  }
}

/** Mean over windows of [n, c, h, w]; padded zeros count, unless `countIncludePad` is false. */
export class AvgPool2d extends Module {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(
    kernel: Pair,
    {
      stride = kernel,
      padding = 0,
      ceilMode = false,
      countIncludePad = true,
    }: PoolOptions & { countIncludePad?: boolean } = {},
  ) {
    super();
    this.kernel = kernel;
    this.stride = stride;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  forward(input: Tensor): Tensor {
    const { ceilMode, countIncludePad } = this;
    return torch.avgPool2d(
      input,
      asPair(this.kernel),
      asPair(this.stride),
      asPair(this.padding),
      ceilMode,
      countIncludePad,
    );
  }
}

/** Means over a grid of `output` cells: cell i covers rows floor(i h / output) to ceil((i + 1) h / output). */
export class AdaptiveAvgPool2d extends Module {
  readonly output: Pair;

  constructor(output: Pair) {
    super();
    this.output = output;
  }

  forward(input: Tensor): Tensor {
    return torch.adaptiveAvgPool2d(input, asPair(this.output));
  }
}

/** Joins the axes from `start` to the last: [n, c, h, w] to [n, c h w]. */
export class Flatten extends Module {
  readonly start: number;

  constructor(start = 1) {
    super();
    this.start = start;
  }

  forward(input: Tensor): Tensor {
    return input.flatten(this.start);
  }
}
