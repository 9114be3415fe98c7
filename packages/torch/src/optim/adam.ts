import { _foreachAdd_, _fusedAdam_, _fusedAdamw_, zeros } from '../index.ts';
import type { Tensor } from '../index.ts';
import { nonNegative, optimizerError } from './groups.ts';
import type { Group, GroupsOrParameters, OptimizerOptions } from './groups.ts';
import { Optimizer, copyState, pick, zerosFor } from './optimizer.ts';
import type { Batch } from './optimizer.ts';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first and of the second moment. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  readonly eps?: number;
}

/** Fused update of a list of tensors, coupled or decoupled weight decay. */
type FusedUpdate = typeof _fusedAdam_ | typeof _fusedAdamw_;

/**
 * Adam (Kingma & Ba 2015, algorithm 1), weight decay added to the gradient: m = β1 m + (1 - β1) d, v = β2 v + (1 - β2) d²,
 * p = p - lr / (1 - β1^t) m / (sqrt(v) / sqrt(1 - β2^t) + eps).
 */
export class Adam extends Optimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;
  private readonly firstMoments: Tensor[];
  private readonly secondMoments: Tensor[];
  private readonly steps: Tensor[];

  constructor(parameters: GroupsOrParameters, options: AdamOptions) {
    super(parameters, options);
    const { betas = [0.9, 0.999], eps = 1e-8 } = options;
    if (!betas.every((beta) => beta >= 0 && beta < 1))
      throw optimizerError(`betas lie in [0, 1), got ${betas.join(', ')}`);
    this.betas = betas;
    this.eps = nonNegative('eps', eps);
    const all = this.allParameters();
    this.firstMoments = zerosFor(all);
    this.secondMoments = zerosFor(all);
    this.steps = all.map(({ device }) => zeros([], { dtype: 'float32', device }));
  }

  /** `<place>.exp_avg`, `<place>.exp_avg_sq` and `<place>.step` of each parameter. */
  override state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    this.firstMoments.forEach((moment, index) => state.set(`${index}.exp_avg`, moment));
    this.secondMoments.forEach((moment, index) => state.set(`${index}.exp_avg_sq`, moment));
    this.steps.forEach((step, index) => state.set(`${index}.step`, step));
    return state;
  }

  override loadState(state: ReadonlyMap<string, Tensor>): void {
    copyState(this.state(), state);
  }

  override dispose(): void {
    for (const tensor of this.state().values()) tensor.dispose();
  }

  protected fused(): FusedUpdate {
    return _fusedAdam_;
  }

  protected override update({ parameters, gradients, indices }: Batch, { lr, weightDecay }: Group): void {
    const [beta1, beta2] = this.betas;
    const steps = pick(this.steps, indices);
    // The fused operators take the step's number as it is, and divide by 0 in step 0.
    _foreachAdd_(steps, 1);
    const settings = { lr, beta1, beta2, weightDecay, eps: this.eps, amsgrad: false, maximize: false };
    this.fused()(
      parameters,
      gradients,
      pick(this.firstMoments, indices),
      pick(this.secondMoments, indices),
      [],
      steps,
      settings,
    );
  }
}

/** AdamW (Loshchilov & Hutter 2019, algorithm 2): Adam on the bare gradient, p multiplied by 1 - lr weightDecay before. */
export class AdamW extends Adam {
  protected override fused(): FusedUpdate {
    return _fusedAdamw_;
  }
}
