import { _foreachCopy_, _foreachLerp_, noGrad } from '../index.ts';
import type { Tensor } from '../index.ts';
import { Module } from '../nn/index.ts';
import { optimizerError } from './groups.ts';

/** Whose weights are averaged: a module, or tensors. */
export type Weights = Module | readonly Tensor[];

/**
 * Moving average of weights: target = m target + (1 - m) source for all parameters (DINO's teacher). Buffers, such as running
 * statistics, are not averaged; with `buffers: 'copy'` the target takes the source's. The target's parameters stop taking
 * gradients.
 */
export class Ema {
  private readonly targets: readonly Tensor[];
  private readonly sources: readonly Tensor[];
  private readonly buffers: readonly [readonly Tensor[], readonly Tensor[]];

  /** Throws `E_ARG` if the two do not have the same shapes in the same order. Make it after moving the modules. */
  constructor(target: Weights, source: Weights, { buffers = 'keep' }: { buffers?: 'keep' | 'copy' } = {}) {
    this.targets = parametersOf(target);
    this.sources = parametersOf(source);
    this.buffers = buffers === 'copy' ? [buffersOf(target), buffersOf(source)] : [[], []];
    requireAlike(this.targets, this.sources);
    requireAlike(...this.buffers);
    for (const tensor of this.targets) tensor.requiresGrad_(false);
  }

  /** Sets the target to the source. */
  reset(): void {
    this.update(0);
  }

  /** One step with momentum m in 0..1. */
  update(momentum: number): void {
    if (!(momentum >= 0 && momentum <= 1)) throw optimizerError(`the momentum lies between 0 and 1, got ${momentum}`);
    const [into, from] = this.buffers;
    noGrad(() => {
      if (this.targets.length > 0) _foreachLerp_(this.targets, this.sources, 1 - momentum);
      if (into.length > 0) _foreachCopy_(into, from);
    });
  }
}

function parametersOf(weights: Weights): readonly Tensor[] {
  return weights instanceof Module ? weights.parameters() : weights;
}

function buffersOf(weights: Weights): readonly Tensor[] {
  return weights instanceof Module ? weights.buffers() : [];
}

function requireAlike(targets: readonly Tensor[], sources: readonly Tensor[]): void {
  if (targets.length !== sources.length)
    throw optimizerError(`${targets.length} tensors cannot average ${sources.length}`);
  targets.forEach((target, i) => {
    const source = sources[i];
    if (target.shape.join() !== source?.shape.join())
      throw optimizerError(`${target.toString()} cannot average ${source?.toString() ?? 'nothing'}`);
  });
}
