import { _fusedSgd_, zeros } from '../index.ts';
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
  /** Scalars, 1 once a parameter has made a step; none without dampening, where a buffer of zeros comes to the same. */
  private readonly started: Tensor[];

  constructor(parameters: GroupsOrParameters, options: SgdOptions) {
    super(parameters, options);
    const { momentum = 0, dampening = 0, nesterov = false } = options;
    this.momentum = nonNegative('momentum', momentum);
    this.dampening = dampening;
    this.nesterov = nesterov;
    const all = this.allParameters();
    this.buffers = momentum === 0 ? [] : zerosFor(all);
    const tellsFirst = momentum !== 0 && dampening !== 0;
    this.started = tellsFirst ? all.map(({ device }) => zeros([], { dtype: 'float32', device })) : [];
  }

  /** `<place>.momentum_buffer` of each parameter, with dampening also `<place>.started`: 1 once it has made a step. */
  override state(): Map<string, Tensor> {
    const state = new Map(this.buffers.map((buffer, index) => [`${index}.momentum_buffer`, buffer]));
    this.started.forEach((started, index) => state.set(`${index}.started`, started));
    return state;
  }

  override loadState(state: ReadonlyMap<string, Tensor>): void {
    copyState(this.state(), state);
  }

  override dispose(): void {
    for (const tensor of this.state().values()) tensor.dispose();
  }

  protected override update(batch: Batch, group: Group): void {
    const fresh = batch.indices.map((index) => this.started[index]?.item() === 0);
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
    for (const index of indices) this.started[index]?.fill_(1);
  }
}
