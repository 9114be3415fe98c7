import { TorchError } from '../errors.ts';
import type { Tensor } from '../index.ts';

/** Parameters that share settings; a setting that is missing is the optimiser's. */
export interface ParameterGroup {
  readonly parameters: readonly Tensor[];
  readonly lr?: number;
  readonly weightDecay?: number;
}

/** What every optimiser is told. */
export interface OptimizerOptions {
  /** Learning rate. */
  readonly lr: number;
  readonly weightDecay?: number;
}

/** A group with its settings, which may be changed before each step. */
export interface Group {
  lr: number;
  weightDecay: number;
  readonly parameters: readonly Tensor[];
}

/** Parameters, or groups of them. */
export type GroupsOrParameters = readonly Tensor[] | readonly ParameterGroup[];

/**
 * Completes groups; plain parameters become one group. Throws `E_ARG` where there is no parameter, one occurs twice, or one does not
 * take gradients by itself.
 */
export function makeGroups(given: GroupsOrParameters, { lr, weightDecay = 0 }: OptimizerOptions): Group[] {
  const groups = isGroups(given) ? given : [{ parameters: given }];
  const made = groups.map((group) => ({ lr, weightDecay, ...defined(group), parameters: [...group.parameters] }));
  const all = made.flatMap((group) => group.parameters);
  if (all.length === 0) throw optimizerError('there are no parameters to train');
  if (new Set(all).size !== all.length) throw optimizerError('a parameter is given twice');
  for (const parameter of all) {
    if (!parameter.isLeaf())
      throw optimizerError(`${parameter.toString()} is computed from others: only leaves can be trained`);
  }
  return made;
}

/** An `E_ARG` error of an optimiser. */
export function optimizerError(message: string): TorchError {
  return new TorchError('E_ARG', 'optimizer', message);
}

/** A number of an optimiser's that may not be negative or NaN. */
export function nonNegative(name: string, value: number): number {
  if (value >= 0) return value;
  throw optimizerError(`${name} must not be negative, got ${value}`);
}

function isGroups(given: GroupsOrParameters): given is readonly ParameterGroup[] {
  return given[0] !== undefined && 'parameters' in given[0];
}

function defined({ lr, weightDecay }: ParameterGroup): { lr?: number; weightDecay?: number } {
  return { ...(lr === undefined ? {} : { lr }), ...(weightDecay === undefined ? {} : { weightDecay }) };
}
