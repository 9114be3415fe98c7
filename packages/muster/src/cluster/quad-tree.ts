/** Cells stop splitting at this depth: what lies in one then are copies of a point, or nearly. */
const LARGEST_DEPTH = 48;

/** Points of the plane in cells of four, each with the number and the mean of its points. */
export class QuadTree {
  private readonly points: Float64Array;
  /** Cell of each point. */
  private readonly leafOf: Int32Array;
  private cells = 0;
  private children: Int32Array;
  private counts: Float64Array;
  private sums: Float64Array;
  private sides: Float64Array;
  /** A point of a leaf, -1 in inner cells. */
  private members: Int32Array;
  private readonly stack = new Int32Array(4 * LARGEST_DEPTH + 8);

  /** @param points (n, 2) row-major, finite */
  constructor(points: Float64Array) {
    const n = points.length / 2;
    const room = Math.max(16, 3 * n);
    this.points = points;
    this.leafOf = new Int32Array(n);
    this.children = new Int32Array(4 * room);
    this.counts = new Float64Array(room);
    this.sums = new Float64Array(2 * room);
    this.sides = new Float64Array(room);
    this.members = new Int32Array(room);
    const { centreX, centreY, side } = square(points);
    this.newCell(side);
    for (let i = 0; i < n; i++) this.insert(i, centreX, centreY, side);
  }

  /**
   * Adds up the repulsion of point i by all others, sum_j (y_i - y_j) / (1 + |y_i - y_j|²)², into `force[2 i]` and
   * `force[2 i + 1]`, cells that look small counting as one point.
   * @returns sum_j 1 / (1 + |y_i - y_j|²)
   */
  repulsion(i: number, theta: number, force: Float64Array): number {
    const { points, children, counts, sums, sides, members, stack } = this;
    const [x, y] = [points[2 * i] ?? 0, points[2 * i + 1] ?? 0];
    const limit = theta * theta;
    const leaf = this.leafOf[i] ?? -1;
    let along = 0;
    let across = 0;
    let total = 0;
    let height = 1;
    stack[0] = 0;
    while (height > 0) {
      const cell = stack[--height] ?? 0;
      const count = counts[cell] ?? 0;
      const dx = x - (sums[2 * cell] ?? 0) / count;
      const dy = y - (sums[2 * cell + 1] ?? 0) / count;
      const squared = dx * dx + dy * dy;
      const side = sides[cell] ?? 0;
      const isLeaf = (members[cell] ?? -1) >= 0;
      if (isLeaf || side * side < limit * squared) {
        // The rest of its own cell are copies of the point.
        const others = cell === leaf ? count - 1 : count;
        const near = 1 / (1 + squared);
        total += others * near;
        along += others * near * near * dx;
        across += others * near * near * dy;
        continue;
      }
      for (let quarter = 4 * cell; quarter < 4 * cell + 4; quarter++) {
        const child = children[quarter] ?? 0;
        if (child > 0) stack[height++] = child;
      }
    }
    force[2 * i] = along;
    force[2 * i + 1] = across;
    return total;
  }

  private insert(i: number, centreX: number, centreY: number, rootSide: number): void {
    let cell = 0;
    let [cx, cy, side] = [centreX, centreY, rootSide];
    for (let depth = 0; ; depth++) {
      const before = this.counts[cell] ?? 0;
      this.add(cell, i);
      const member = this.members[cell] ?? -1;
      if (before === 0 || (member >= 0 && (depth >= LARGEST_DEPTH || this.same(member, i)))) {
        if (before === 0) this.members[cell] = i;
        this.leafOf[i] = cell;
        return;
      }
      if (member >= 0) this.splitLeaf(cell, member, before, cx, cy, side);
      const child = this.childFor(cell, i, cx, cy, side);
      const quarter = side / 4;
      cx += (this.points[2 * i] ?? 0) >= cx ? quarter : -quarter;
      cy += (this.points[2 * i + 1] ?? 0) >= cy ? quarter : -quarter;
      side /= 2;
      cell = child;
    }
  }

  /** Hands a leaf's points, copies of one, down to a new child. */
  private splitLeaf(cell: number, member: number, count: number, cx: number, cy: number, side: number): void {
    const child = this.childFor(cell, member, cx, cy, side);
    this.members[cell] = -1;
    this.members[child] = member;
    this.counts[child] = count;
    this.sums[2 * child] = count * (this.points[2 * member] ?? 0);
    this.sums[2 * child + 1] = count * (this.points[2 * member + 1] ?? 0);
    if (count === 1) this.leafOf[member] = child;
    else this.leafOf.forEach((leaf, i) => leaf === cell && this.same(member, i) && (this.leafOf[i] = child));
  }

  private childFor(cell: number, i: number, cx: number, cy: number, side: number): number {
    const quarter = ((this.points[2 * i] ?? 0) >= cx ? 1 : 0) + ((this.points[2 * i + 1] ?? 0) >= cy ? 2 : 0);
    const known = this.children[4 * cell + quarter] ?? 0;
    if (known > 0) return known;
    const child = this.newCell(side / 2);
    this.children[4 * cell + quarter] = child;
    return child;
  }

  private add(cell: number, i: number): void {
    this.counts[cell] = (this.counts[cell] ?? 0) + 1;
    this.sums[2 * cell] = (this.sums[2 * cell] ?? 0) + (this.points[2 * i] ?? 0);
    this.sums[2 * cell + 1] = (this.sums[2 * cell + 1] ?? 0) + (this.points[2 * i + 1] ?? 0);
  }

  private same(i: number, j: number): boolean {
    return this.points[2 * i] === this.points[2 * j] && this.points[2 * i + 1] === this.points[2 * j + 1];
  }

  private newCell(side: number): number {
    if (this.cells === this.counts.length) this.grow();
    const cell = this.cells++;
    this.sides[cell] = side;
    this.members[cell] = -1;
    return cell;
  }

  private grow(): void {
    const doubled = <T extends Float64Array | Int32Array>(old: T, larger: T): T => {
      larger.set(old);
      return larger;
    };
    this.children = doubled(this.children, new Int32Array(2 * this.children.length));
    this.counts = doubled(this.counts, new Float64Array(2 * this.counts.length));
    this.sums = doubled(this.sums, new Float64Array(2 * this.sums.length));
    this.sides = doubled(this.sides, new Float64Array(2 * this.sides.length));
    this.members = doubled(this.members, new Int32Array(2 * this.members.length));
  }
}

/** The least square around the points. */
function square(points: Float64Array): { centreX: number; centreY: number; side: number } {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [points[at] ?? 0, points[at + 1] ?? 0];
    left = Math.min(left, x);
    right = Math.max(right, x);
    bottom = Math.min(bottom, y);
    top = Math.max(top, y);
  }
  return {
    centreX: (left + right) / 2,
    centreY: (bottom + top) / 2,
    side: Math.max(right - left, top - bottom, 1e-12),
  };
}
