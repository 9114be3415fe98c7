/** A clustering feature: count, sum and squared length of some rows. */
export interface ClusteringFeature {
  count: number;
  /** [d] */
  readonly sum: Float64Array;
  /** Sum of the rows' squared lengths. */
  squares: number;
  /** Squared length of the centroid. */
  centre: number;
  readonly child: TreeNode | null;
}

/** Entries of a node of the tree. */
export interface TreeNode {
  readonly leaf: boolean;
  entries: ClusteringFeature[];
}

/**
 * A tree of clustering features: every row goes down to the leaf entry of the nearest centroid and joins it if the
 * entry's radius stays within the threshold, else it starts an entry; a node with too many entries splits in two.
 *
 * @source Zhang, Ramakrishnan and Livny, "BIRCH", SIGMOD 1996
 */
export class FeatureTree {
  private readonly threshold: number;
  private readonly branching: number;
  private root: TreeNode = { leaf: true, entries: [] };
  /** Number of leaf entries. */
  size = 0;

  /** @param threshold largest root mean square distance of an entry's rows to their centroid */
  constructor(threshold: number, branching: number) {
    this.threshold = threshold;
    this.branching = branching;
  }

  add(row: Float64Array): void {
    const squares = dot(row, row);
    const parts = this.insert(this.root, row, squares);
    if (parts !== null) this.root = { leaf: false, entries: parts };
  }

  /** The leaf entries, from left to right. */
  leaves(): ClusteringFeature[] {
    const collect = (node: TreeNode): ClusteringFeature[] =>
      node.leaf ? node.entries : node.entries.flatMap(({ child }) => (child === null ? [] : collect(child)));
    return collect(this.root);
  }

  /** Adds a row below a node; where the node split, the two entries that take its place. */
  private insert(node: TreeNode, row: Float64Array, squares: number): ClusteringFeature[] | null {
    const nearest = nearestEntry(node.entries, row);
    if (nearest === undefined) {
      node.entries.push(featureOf(row, squares));
      this.size++;
      return null;
    }
    if (nearest.child === null) {
      if (radiusWith(nearest, row, squares) <= this.threshold) {
        absorb(nearest, row, 1, squares);
        return null;
      }
      node.entries.push(featureOf(row, squares));
      this.size++;
    } else {
      const parts = this.insert(nearest.child, row, squares);
      if (parts === null) {
        absorb(nearest, row, 1, squares);
        return null;
      }
      node.entries.splice(node.entries.indexOf(nearest), 1, ...parts);
    }
    return node.entries.length > this.branching ? split(node) : null;
  }
}

/** Parts a node's entries between the two farthest from each other. */
function split(node: TreeNode): ClusteringFeature[] {
  const { entries } = node;
  let [a, b] = [0, 1];
  let farthest = -Infinity;
  for (let i = 0; i < entries.length; i++) {
    for (let j = 0; j < i; j++) {
      const distance = between(entries[i], entries[j]);
      if (distance > farthest) [a, b, farthest] = [j, i, distance];
    }
  }
  const [first, second] = [entries[a], entries[b]];
  const nearSecond = entries.map((entry, i) => i === b || (i !== a && between(entry, second) < between(entry, first)));
  return [false, true].map((side) =>
    summary({ leaf: node.leaf, entries: entries.filter((_, i) => nearSecond[i] === side) }),
  );
}

/** The entry that stands for a node. */
function summary(node: TreeNode): ClusteringFeature {
  const sum = new Float64Array(node.entries[0]?.sum.length ?? 0);
  const feature = { count: 0, sum, squares: 0, centre: 0, child: node };
  for (const entry of node.entries) absorb(feature, entry.sum, entry.count, entry.squares);
  return feature;
}

function featureOf(row: Float64Array, squares: number): ClusteringFeature {
  return { count: 1, sum: row.slice(), squares, centre: squares, child: null };
}

function absorb(feature: ClusteringFeature, sum: Float64Array, count: number, squares: number): void {
  const own = feature.sum;
  let length = 0;
  for (let c = 0; c < own.length; c++) {
    const value = (own[c] ?? 0) + (sum[c] ?? 0);
    own[c] = value;
    length += value * value;
  }
  feature.count += count;
  feature.squares += squares;
  feature.centre = length / feature.count ** 2;
}

/** Root mean square distance to the centroid once a row has joined. */
function radiusWith({ count, sum, squares, centre }: ClusteringFeature, row: Float64Array, rowSquares: number): number {
  const total = count + 1;
  const length = (centre * count * count + 2 * dot(sum, row) + rowSquares) / (total * total);
  const mean = (squares + rowSquares) / total;
  // Below that, the difference is rounding: equal rows have no radius.
  return mean - length > 1e-12 * mean ? Math.sqrt(mean - length) : 0;
}

function nearestEntry(entries: readonly ClusteringFeature[], row: Float64Array): ClusteringFeature | undefined {
  let best: ClusteringFeature | undefined;
  let least = Infinity;
  for (const entry of entries) {
    const distance = entry.centre - (2 * dot(entry.sum, row)) / entry.count; // less the row's own square
    if (distance < least) [best, least] = [entry, distance];
  }
  return best;
}

function between(a: ClusteringFeature | undefined, b: ClusteringFeature | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.centre + b.centre - (2 * dot(a.sum, b.sum)) / (a.count * b.count);
}

function dot(a: Float64Array, b: Float64Array): number {
  let [even, odd] = [0, 0];
  let c = 0;
  for (; c + 1 < a.length; c += 2) {
    even += (a[c] ?? 0) * (b[c] ?? 0);
    odd += (a[c + 1] ?? 0) * (b[c + 1] ?? 0);
  }
  return even + odd + (c < a.length ? (a[c] ?? 0) * (b[c] ?? 0) : 0);
}
