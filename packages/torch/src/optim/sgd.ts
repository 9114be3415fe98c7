import { _fusedSgd_ } from '../index.ts';
import type { Tensor } from '../index.ts';
import { nonNegative } from './groups.ts';
import type { Group, GroupsOrParameters, OptimizerOptions } from './groups.ts';
import { Optimizer, copyState, pick, zerosFor } from './optimizer.ts';
import type { Batch } from './optimizer.ts';

/** Options of {@link SGD}. */
export interface SgdOptions extends OptimizerOptions {
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, PyTorch's rule: d = g + weightDecay p; buffer = d in a parameter's first step, then momentum buffer +
 * (1 - dampening) d; p = p - lr (nesterov ? d + momentum buffer : buffer).
 */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  private readonly buffers: Tensor[];
  private readonly started: boolean[];

  constructor(parameters: GroupsOrParameters, options: SgdOptions) {
    super(parameters, options);
    const { momentum = 0, dampening = 0, nesterov = false } = options;
    this.momentum = nonNegative('momentum', momentum);
    this.dampening = dampening;
    this.nesterov = nesterov;
    const all = this.allParameters();
    this.buffers = momentum === 0 ? [] : zerosFor(all);
    this.started = all.map(() => false);
  }

  /** `<place>.momentum_buffer` of the parameters that have made a step. */
  override state(): Map<string, Tensor> {
    return new Map(this.named().filter((_, index) => this.started[index]));
  }

  override loadState(state: ReadonlyMap<string, Tensor>): void {
    const named = this.named();
    const begun = named.filter(([name]) => state.has(name));
    copyState(new Map(begun), state);
    named.forEach(([name], index) => (this.started[index] = state.has(name)));
  }

  override dispose(): void {
    for (const buffer of this.buffers) buffer.dispose();
  }

  protected override update(batch: Batch, group: Group): void {
    const fresh = batch.indices.map((index) => this.momentum !== 0 && this.started[index] === false);
    for (const isFirstStep of [true, false]) {
      const places = fresh.flatMap((value, place) => (value === isFirstStep ? [place] : []));
      if (places.length > 0) this.descend(places, batch, group, isFirstStep);
    }
  }

  private descend(places: readonly number[], batch: Batch, { lr, weightDecay }: Group, isFirstStep: boolean): void {
    const { momentum, dampening, nesterov } = this;
    const indices = pick(batch.indices, places);
    const buffers = momentum === 0 ? [] : pick(this.buffers, indices);
    const settings = { weightDecay, momentum, lr, dampening, nesterov, maximize: false, isFirstStep };
    _fusedSgd_(pick(batch.parameters, places), pick(batch.gradients, places), buffers, settings);
    for (const index of indices) this.started[index] = true;
  }

  private named(): [string, Tensor][] {
    return this.buffers.map((buffer, index) => [`${index}.momentum_buffer`, buffer]);
  }
}
