/** Sets of 0..n-1 that are joined over time. */
export class DisjointSets {
  /** Number of sets. */
  count: number;
  private readonly parents: Int32Array;

  constructor(n: number) {
    this.count = n;
    this.parents = Int32Array.from({ length: n }, (_, i) => i);
  }

  /** The lowest member of the set that `i` is in. */
  find(i: number): number {
    const { parents } = this;
    let at = i;
    for (let up = parents[at] ?? at; up !== at; up = parents[at] ?? at) {
      const above = parents[up] ?? up;
      parents[at] = above; // halves the path
      at = above;
    }
    return at;
  }

  /** Joins the sets of two members; false where they were one already. */
  join(i: number, j: number): boolean {
    const a = this.find(i);
    const b = this.find(j);
    if (a === b) return false;
    this.parents[Math.max(a, b)] = Math.min(a, b);
    this.count--;
    return true;
  }

  /** Sets numbered 0, 1, ... in the order of their lowest members: the number of each member's set. */
  labels(): Int32Array {
    const numbers = new Int32Array(this.parents.length);
    let next = 0;
    for (let i = 0; i < numbers.length; i++) {
      const lowest = this.find(i);
      numbers[i] = lowest === i ? next++ : (numbers[lowest] ?? 0);
    }
    return numbers;
  }
}
