/** Recording of operators, to run them later on the worker thread (off-thread.ts). Off unless a recording is going on. */

/** How a backward pass is written in a program. */
const backward = -1;

/** A program in the making. Its tensors are registers: handles -1, -2, ... in the order in which they were made. */
export class Recording {
  readonly code: number[] = [];
  readonly pinned = new Set<number>();
  /** For each register the instruction after which nothing reads it. */
  readonly lastUses: number[] = [];
  #instructions = 0;

  /** Remembers a tensor that the next instruction reads: one of the engine outlives its owner's `dispose`. */
  use(handle: number): void {
    if (handle > 0) this.pinned.add(handle);
    else this.lastUses[-handle - 1] = this.#instructions;
  }

  /** Lets a register live to the end. */
  keep(handle: number): void {
    this.lastUses[-handle - 1] = Number.MAX_SAFE_INTEGER;
  }

  /** Adds a call with `count` results; gives their handles. */
  add(operator: number, numbers: Float64Array, tags: Uint8Array, count: number): number[] {
    this.code.push(operator, numbers.length, tags.length, ...numbers, ...tags);
    const made = Array.from({ length: count }, () => -this.lastUses.push(this.#instructions));
    this.#instructions++;
    return made;
  }

  /** Adds a backward pass from a scalar. */
  backward(handle: number): void {
    this.use(handle);
    this.code.push(backward, 1, 0, handle);
    this.#instructions++;
  }
}

export const recorder: { active: Recording | null } = { active: null };
