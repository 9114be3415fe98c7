import { isFloatingPoint } from '../dtype.ts';
import { TorchError } from '../errors.ts';
import { noGrad, scope } from '../index.ts';
import type { Tensor } from '../index.ts';

/** How a state is matched to a module. */
export interface LoadOptions {
  /** Whether missing and unexpected names are errors; shapes that differ always are. Default true. */
  readonly strict?: boolean;
  /** The module's name for a name of the state; null leaves the entry out. */
  readonly rename?: (name: string) => string | null;
  /** Whether NaN and infinite values are taken. Default false. */
  readonly allowNonFinite?: boolean;
}

/** A tensor of a module and the tensor that is to be copied into it. */
export interface StatePair {
  readonly name: string;
  readonly target: Tensor;
  readonly source: Tensor;
}

const SHOWN = 10;

/**
 * Matches a state to a module's tensors by name; throws one `E_ARG` error that lists what is missing, unexpected and of another
 * shape or kind of dtype.
 *
 * @param optional names that the state may lack
 */
export function matchState(
  targets: ReadonlyMap<string, Tensor>,
  state: ReadonlyMap<string, Tensor>,
  optional: ReadonlySet<string>,
  { strict = true, rename }: LoadOptions,
): StatePair[] {
  const sources = renameState(state, rename);
  const pairs: StatePair[] = [];
  const mismatched: string[] = [];
  for (const [name, source] of sources) {
    const target = targets.get(name);
    if (target === undefined) continue;
    if (fits(target, source)) pairs.push({ name, target, source });
    else mismatched.push(`${name} (${source.toString()} for ${target.toString()})`);
  }
  const missing = [...targets.keys()].filter((name) => !sources.has(name) && !optional.has(name));
  const unexpected = [...sources.keys()].filter((name) => !targets.has(name));
  const problems = [
    ...(strict ? [describe('missing', missing), describe('unexpected', unexpected)] : []),
    describe('mismatched', mismatched),
  ].filter((text) => text !== '');
  if (problems.length > 0) throw loadError(`the state does not fit the module: ${problems.join('; ')}`);
  return pairs;
}

/** Throws `E_ARG` if a source holds NaN or infinite values, naming up to ten such tensors with their counts. */
export function checkState(pairs: readonly StatePair[]): void {
  const bad: string[] = [];
  for (const { name, source } of pairs) {
    if (!isFloatingPoint(source.dtype)) continue;
    const count = source.numel - noGrad(() => scope(() => source.to('float32').isfinite().sum().item()));
    if (count > 0) bad.push(`${name} (${count} of ${source.numel})`);
  }
  if (bad.length > 0) throw loadError(`${describe('not finite', bad)}; allowNonFinite takes them as they are`);
}

function renameState(state: ReadonlyMap<string, Tensor>, rename: LoadOptions['rename']): ReadonlyMap<string, Tensor> {
  if (rename === undefined) return state;
  const renamed = new Map<string, Tensor>();
  for (const [name, tensor] of state) {
    const key = rename(name);
    if (key === null) continue;
    if (renamed.has(key)) throw loadError(`two entries of the state are renamed to ${key}`);
    renamed.set(key, tensor);
  }
  return renamed;
}

function fits(target: Tensor, source: Tensor): boolean {
  const sameShape = target.ndim === source.ndim && target.shape.every((size, axis) => size === source.shape[axis]);
  return sameShape && isFloatingPoint(target.dtype) === isFloatingPoint(source.dtype);
}

function describe(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const rest = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : '';
  return `${names.length} ${what}: ${names.slice(0, SHOWN).join(', ')}${rest}`;
}

function loadError(message: string): TorchError {
  return new TorchError('E_ARG', 'loadStateDict', message);
}
