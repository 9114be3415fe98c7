/** A binary heap of pairs of whole numbers by ascending height; equal heights come out in the order of the pairs. */
export class PairHeap {
  size = 0;
  private heights = new Float64Array(1024);
  private firsts = new Int32Array(1024);
  private seconds = new Int32Array(1024);

  push(height: number, first: number, second: number): void {
    if (this.size === this.heights.length) this.grow();
    let at = this.size++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.isBefore(height, first, second, up)) break;
      this.move(up, at);
      at = up;
    }
    this.put(at, height, first, second);
  }

  /** Takes the least pair out; undefined where the heap is empty. */
  pop(): { readonly height: number; readonly first: number; readonly second: number } | undefined {
    if (this.size === 0) return undefined;
    const least = { height: this.heights[0] ?? 0, first: this.firsts[0] ?? 0, second: this.seconds[0] ?? 0 };
    const last = --this.size;
    const [height, first, second] = [this.heights[last] ?? 0, this.firsts[last] ?? 0, this.seconds[last] ?? 0];
    let at = 0;
    for (let down = 1; down < last; down = 2 * at + 1) {
      const right = down + 1;
      const next = right < last && this.isBefore(this.heights[right] ?? 0, this.firsts[right] ?? 0, this.seconds[right] ?? 0, down) ? right : down; // prettier-ignore
      if (this.isBefore(height, first, second, next)) break;
      this.move(next, at);
      at = next;
    }
    this.put(at, height, first, second);
    return least;
  }

  /** Whether a pair comes before the one at a place. */
  private isBefore(height: number, first: number, second: number, place: number): boolean {
    const other = this.heights[place] ?? 0;
    if (height !== other) return height < other;
    const a = this.firsts[place] ?? 0;
    return first !== a ? first < a : second < (this.seconds[place] ?? 0);
  }

  private move(from: number, to: number): void {
    this.put(to, this.heights[from] ?? 0, this.firsts[from] ?? 0, this.seconds[from] ?? 0);
  }

  private put(at: number, height: number, first: number, second: number): void {
    this.heights[at] = height;
    this.firsts[at] = first;
    this.seconds[at] = second;
  }

  private grow(): void {
    const double = <T extends Float64Array | Int32Array>(old: T, larger: T): T => {
      larger.set(old);
      return larger;
    };
    const length = 2 * this.heights.length;
    this.heights = double(this.heights, new Float64Array(length));
    this.firsts = double(this.firsts, new Int32Array(length));
    this.seconds = double(this.seconds, new Int32Array(length));
  }
}
