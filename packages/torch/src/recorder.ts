/** Recording of operators, to run them later on the worker thread (off-thread.ts). Off unless a recording is going on. */

/** How a backward pass is written in a program. */
const backward = -1;

/** A program in the making. Its tensors are registers: handles -1, -2, ... in the order in which they were made. */
export class Recording {
  readonly code: number[] = [];
  readonly pinned = new Set<number>();
  #registers = 0;

  /** Remembers a tensor that the program uses, so that it outlives its owner's `dispose`. */
  pin(handle: number): void {
    this.pinned.add(handle);
  }

  /** Adds a call with `count` results; gives their handles. */
  add(operator: number, numbers: Float64Array, tags: Uint8Array, count: number): number[] {
    this.code.push(operator, numbers.length, tags.length, ...numbers, ...tags);
    return Array.from({ length: count }, () => -++this.#registers);
  }

  /** Adds a backward pass from a scalar. */
  backward(handle: number): void {
    if (handle > 0) this.pin(handle);
    this.code.push(backward, 1, 0, handle);
  }
}

export const recorder: { active: Recording | null } = { active: null };
