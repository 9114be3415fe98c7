/** Scopes: everything made inside is freed at the end, also when an error passes through. */
import { TorchError } from './errors.ts';
import { Generator } from './generator.ts';
import { closeScope, openScope, scopeDepth } from './lifetime.ts';
import { NativeObject } from './native-object.ts';
import { Tensor } from './tensor.ts';

type Kept = { readonly handle: number };

/** Adds the tensors that can be reached from `value`. */
function collect(value: unknown, found: Kept[], seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Tensor || value instanceof Generator || value instanceof NativeObject) {
    if (value.handle > 0) found.push(value);
  } else if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const element of value.values()) collect(element, found, seen);
    if (value instanceof Map) for (const key of value.keys()) collect(key, found, seen);
  } else {
    for (const element of Object.values(value)) collect(element, found, seen);
  }
}

function tensorsIn(values: readonly unknown[]): Kept[] {
  const found: Kept[] = [];
  const seen = new Set<object>();
  for (const value of values) collect(value, found, seen);
  return found;
}

/**
 * Runs `body` and frees every tensor made in it, except those that can be reached from what it returns.
 *
 * @param body synchronous: a scope cannot stay open while other code runs
 * @returns what `body` returned; its tensors belong to the scope around, or to the caller
 * @throws TorchError `E_ARG` if `body` returns a promise
 * @example
 * const loss = scope(() => model.forward(batch).square().mean());
 */
export function scope<T>(body: () => T): T {
  openScope();
  let kept: Kept[] = [];
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TorchError('E_ARG', 'scope', 'its body must be synchronous: a promise would outlive the scope');
    kept = tensorsIn([result]);
    return result;
  } finally {
    closeScope(kept);
  }
}

/** A scope for a `using` declaration. */
export class TensorScope {
  readonly #depth = openScope();
  readonly #kept: unknown[] = [];
  #open = true;

  /** Lets the tensors that can be reached from `value` outlive the scope. */
  keep<T>(value: T): T {
    this.#kept.push(value);
    return value;
  }

  /** Ends the scope. @throws TorchError `E_ARG` if a scope opened after it is still open */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    if (scopeDepth() !== this.#depth)
      throw new TorchError('E_ARG', 'scope', 'scopes must end in the reverse order of their beginning');
    this.#open = false;
    closeScope(tensorsIn(this.#kept));
  }
}

/**
 * Opens a scope that ends with the block.
 *
 * @example
 * using batch = tensorScope();
 * const result = batch.keep(a.mm(b));
 */
export const tensorScope = (): TensorScope => new TensorScope();
