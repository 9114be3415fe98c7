import * as torch from '../index.ts';
import type { Tensor } from '../index.ts';
import { recorder } from '../recorder.ts';
import { Module, moduleError } from './module.ts';

/** Options of batch normalisation, PyTorch's defaults. */
export interface BatchNormOptions {
  readonly eps?: number;
  /** Share of the new batch in the running statistics; null: the plain mean over all batches so far. */
  readonly momentum?: number | null;
  /** Whether there are a weight and a bias. */
  readonly affine?: boolean;
}

/**
 * Batch normalisation over all axes but the second (Ioffe & Szegedy 2015). In training with the batch's own statistics, biased
 * variance, updating the running ones (unbiased variance); else with the running ones.
 */
abstract class BatchNorm extends Module {
  weight: torch.Parameter | null;
  bias: torch.Parameter | null;
  runningMean: Tensor;
  runningVar: Tensor;
  numBatchesTracked: Tensor;
  readonly eps: number;
  readonly momentum: number | null;

  constructor(features: number, { eps = 1e-5, momentum = 0.1, affine = true }: BatchNormOptions = {}) {
    super();
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new torch.Parameter(torch.ones([features], { dtype: 'float32' })) : null;
    this.bias = affine ? new torch.Parameter(torch.zeros([features], { dtype: 'float32' })) : null;
    this.runningMean = torch.zeros([features], { dtype: 'float32' });
    this.runningVar = torch.ones([features], { dtype: 'float32' });
    this.numBatchesTracked = torch.zeros([], { dtype: 'int64' });
  }

  /** Numbers of dimensions that an input may have. */
  protected abstract ranks(): readonly number[];

  protected override optionalState(): readonly string[] {
    return ['num_batches_tracked'];
  }

  forward(input: Tensor): Tensor {
    this.begin(input);
    const { weight, bias, runningMean, runningVar, training, eps } = this;
    return torch.batchNorm(input, weight, bias, runningMean, runningVar, training, this.share(), eps, true);
  }

  /** Checks the input and counts the batch. */
  protected begin(input: Tensor): void {
    if (recorder.active === null) this.check(input);
    if (this.training) torch.noGrad(() => this.numBatchesTracked.add_(1));
  }

  private check(input: Tensor): void {
    const { shape } = input;
    if (!this.ranks().includes(shape.length)) {
      throw moduleError(
        this.constructor.name,
        `expected ${this.ranks().join(' or ')} dimensions, got ${input.toString()}`,
      );
    }
    if (this.training && input.numel === shape[1]) {
      throw moduleError(
        this.constructor.name,
        `one value a channel has no variance to train with: ${input.toString()}`,
      );
    }
  }

  /** Share of this batch in the running statistics. */
  protected share(): number {
    if (this.momentum !== null) return this.momentum;
    return this.training ? 1 / this.numBatchesTracked.item() : 0;
  }
}

/** Batch normalisation of [n, c] or [n, c, l]. */
export class BatchNorm1d extends BatchNorm {
  protected override ranks(): readonly number[] {
    return [2, 3];
  }
}

/** Batch normalisation of [n, c, h, w]. */
export class BatchNorm2d extends BatchNorm {
  protected override ranks(): readonly number[] {
    return [4];
  }

  /**
   * What `forward`, ReLU and a 2x2 max pool give one after another, in a third of their time for channels-last float32 on the CPU
   * (native/norm-relu-pool.h).
   *
   * @param input (n, c, h, w)
   * @returns (n, c, floor(h / 2), floor(w / 2))
   */
  reluMaxPool(input: Tensor): Tensor {
    const { weight, bias, runningMean, runningVar, training, eps } = this;
    if (weight === null || bias === null) return torch.maxPool2d(torch.relu(this.forward(input)), [2, 2]);
    this.begin(input);
    const share = this.share();
    return torch.muster.batchNormReluMaxPool(input, weight, bias, runningMean, runningVar, training, share, eps);
  }
}

/** Layer normalisation over the last axes, biased variance (Ba et al. 2016). */
export class LayerNorm extends Module {
  weight: torch.Parameter | null;
  bias: torch.Parameter | null;
  readonly shape: readonly number[];
  readonly eps: number;

  /** @param shape size of the last axis, or sizes of the last axes */
  constructor(
    shape: number | readonly number[],
    { eps = 1e-5, affine = true }: { eps?: number; affine?: boolean } = {},
  ) {
    super();
    this.shape = typeof shape === 'number' ? [shape] : shape;
    this.eps = eps;
    this.weight = affine ? new torch.Parameter(torch.ones(this.shape, { dtype: 'float32' })) : null;
    this.bias = affine ? new torch.Parameter(torch.zeros(this.shape, { dtype: 'float32' })) : null;
  }

  forward(input: Tensor): Tensor {
    return torch.layerNorm(input, this.shape, this.weight, this.bias, this.eps);
  }
}
