import { clearGrads, gradsOf, noGrad, scope, zerosLike } from '../index.ts';
import type { Tensor } from '../index.ts';
import { makeGroups, nonNegative, optimizerError } from './groups.ts';
import type { Group, GroupsOrParameters, OptimizerOptions } from './groups.ts';

/** The part of a group that one call of a fused operator updates: one dtype, one device, all with gradients. */
export interface Batch {
  readonly parameters: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  /** Place of each parameter among all of the optimiser's. */
  readonly indices: readonly number[];
}

/**
 * What all optimisers have in common. Make an optimiser after moving its module and outside of scopes: it keeps tensors from step
 * to step. Parameters without a gradient are left alone in a step.
 */
export abstract class Optimizer {
  /** The groups; `lr` and `weightDecay` may be set before each step. */
  readonly groups: readonly Group[];

  constructor(parameters: GroupsOrParameters, options: OptimizerOptions) {
    this.groups = makeGroups(parameters, options);
  }

  /** Learning rate of the first group. */
  get lr(): number {
    return this.groups[0]?.lr ?? 0;
  }

  /** Sets the learning rate of all groups. */
  set lr(value: number) {
    for (const group of this.groups) group.lr = value;
  }

  /** Weight decay of the first group. */
  get weightDecay(): number {
    return this.groups[0]?.weightDecay ?? 0;
  }

  /** Sets the weight decay of all groups, those with their own included. */
  set weightDecay(value: number) {
    for (const group of this.groups) group.weightDecay = value;
  }

  /** Changes the parameters by their accumulated gradients. */
  step(): void {
    noGrad(() =>
      scope(() => {
        let first = 0;
        for (const group of this.groups) {
          nonNegative('lr', group.lr);
          nonNegative('weightDecay', group.weightDecay);
          for (const batch of batches(group.parameters, first)) this.update(batch, group);
          first += group.parameters.length;
        }
      }),
    );
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    clearGrads(this.allParameters());
  }

  /** What the optimiser remembers, under `<place of the parameter>.<name>`: its own tensors, not copies. */
  abstract state(): Map<string, Tensor>;

  /** Copies a state of {@link state} back; throws `E_ARG` before anything is changed if names or shapes differ. */
  abstract loadState(state: ReadonlyMap<string, Tensor>): void;

  /** Frees what the optimiser remembers; the parameters stay. */
  abstract dispose(): void;

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Updates one batch; runs in a scope, without gradients. */
  protected abstract update(batch: Batch, group: Group): void;

  protected allParameters(): Tensor[] {
    return this.groups.flatMap((group) => group.parameters);
  }
}

/** Zeros like each parameter, in its memory layout. */
export function zerosFor(parameters: readonly Tensor[]): Tensor[] {
  return noGrad(() => parameters.map((parameter) => zerosLike(parameter)));
}

/** The tensors of the given places. */
export function pick<T>(all: readonly T[], indices: readonly number[]): T[] {
  return indices.map((index) => {
    const item = all[index];
    if (item === undefined) throw optimizerError(`there is no parameter ${index}`);
    return item;
  });
}

/** Copies the entries of a saved state into an optimiser's tensors after checking that names and shapes agree. */
export function copyState(into: ReadonlyMap<string, Tensor>, state: ReadonlyMap<string, Tensor>): void {
  const unknown = [...state.keys()].filter((name) => !into.has(name));
  const missing = [...into.keys()].filter((name) => !state.has(name));
  if (unknown.length + missing.length > 0) {
    throw optimizerError(
      `the state is another optimiser's: ${missing.length} missing, ${unknown.length} unknown (${[...missing, ...unknown].slice(0, 10).join(', ')})`,
    );
  }
  for (const [name, target] of into) {
    const source = state.get(name);
    if (source?.shape.join() !== target.shape.join())
      throw optimizerError(`state ${name}: ${source?.toString() ?? 'none'} for ${target.toString()}`);
  }
  noGrad(() => {
    for (const [name, target] of into) {
      const source = state.get(name);
      if (source !== undefined) target.copy_(source);
    }
  });
}

function batches(parameters: readonly Tensor[], first: number): Batch[] {
  const found = new Map<string, { parameters: Tensor[]; gradients: Tensor[]; indices: number[] }>();
  gradsOf(parameters).forEach((gradient, i) => {
    const parameter = parameters[i];
    if (gradient === null || parameter === undefined) return;
    const key = `${parameter.dtype} ${parameter.device}`;
    const batch = found.get(key) ?? { parameters: [], gradients: [], indices: [] };
    found.set(key, batch);
    batch.parameters.push(parameter);
    batch.gradients.push(likeLayout(gradient, parameter));
    batch.indices.push(first + i);
  });
  return [...found.values()];
}

/** The fused operators walk parameter and gradient in memory order, so both must be laid out alike. */
function likeLayout(gradient: Tensor, parameter: Tensor): Tensor {
  const { strides } = parameter;
  if (gradient.strides.every((stride, axis) => stride === strides[axis])) return gradient;
  return zerosLike(parameter).copy_(gradient);
}
