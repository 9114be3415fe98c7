/**
 * Who frees a handle: the scope it was made in; outside of scopes its owner by `dispose`, and if that was forgotten the
 * garbage collector, late.
 */
import { native } from './native.ts';

const forgotten = new FinalizationRegistry<number>((handle) => native.free(handle));
let depth = 0;

/** How many scopes are open. */
export const scopeDepth = (): number => depth;

/** Notes a new handle. Inside of a scope there is nothing to do: the native side keeps the list. */
export function track(owner: object, handle: number): void {
  if (depth === 0) forgotten.register(owner, handle, owner);
}

/** Frees a handle now. */
export function release(owner: object, handle: number): void {
  native.free(handle);
  forgotten.unregister(owner);
}

/** Takes a handle away from its owner, for another one. */
export function disown(owner: { handle: number }): number {
  const { handle } = owner;
  owner.handle = 0;
  forgotten.unregister(owner);
  return handle;
}

/** Opens a scope; returns its depth. */
export function openScope(): number {
  native.scopeBegin();
  return ++depth;
}

/** Closes the innermost scope; the kept handles move to the scope around it, or become their owners' own. */
export function closeScope(kept: readonly { readonly handle: number }[]): void {
  const handles = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i++) handles[i] = kept[i]?.handle ?? 0;
  depth--;
  native.scopeEnd(handles);
  if (depth > 0) return;
  for (const owner of kept) {
    forgotten.unregister(owner); // it may have been its own already, and only passed through
    forgotten.register(owner, owner.handle, owner);
  }
}
