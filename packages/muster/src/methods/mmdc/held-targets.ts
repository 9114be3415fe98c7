import { noGrad, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { linearAssignment, transportAssignment } from '../../metrics/index.ts';
import { distances, indexOf, nearestMeans } from './targets.ts';

/** A target for each image of a batch. */
export interface Matching {
  /** [b] which of the given targets each image gets. */
  readonly targetOf: Int32Array;
  /** Sum of the Euclidean distances. */
  readonly total: number;
}

/**
 * Matches images to targets one to one at the least sum of Euclidean distances (not squared), exactly. Source: MMDC eq. 1, over P.
 *
 * @param outputs [b, d] rows of length 1
 * @param targets [b, d]
 */
export function matchTargets(outputs: Tensor, targets: Tensor): Matching {
  const [b = 0] = outputs.shape;
  const cost = noGrad(() => scope(() => distances(outputs, targets).toFloat32Array()));
  const { columnOfRow, total } = linearAssignment(cost, b, b);
  return { targetOf: columnOfRow, total };
}

/** How a batch's targets were dealt out anew. */
export interface Reassignment {
  /** Sum of the distances of the images from their targets. */
  readonly cost: number;
  /** Images that have another target than before. */
  readonly changed: number;
}

/**
 * Which target each image holds. It begins with the i-th image holding the i-th target, which was drawn at random.
 *
 * Where the points of a component are all the same (sigma is 0, or the refinement has begun) an image holds the number of its
 * component, and a batch is a transport problem over K components; otherwise it holds the number of its point.
 */
export class HeldTargets implements Disposable {
  /** int32 [N + 1], the memory of `numbers`. */
  private readonly memory: Tensor;
  /** What each image holds; and at the end whether these are components: 1, or points: 0. */
  private readonly numbers: Int32Array;
  private readonly count: number;
  /** [K, d] */
  private readonly means: Tensor;
  /** [N, d], null where points are means. */
  private readonly points: Tensor | null;

  /**
   * @param components [N] of the images at first
   * @param means [K, d], the caller's
   * @param points [N, d] a point of each component, taken over; null: the means themselves
   */
  constructor(components: Int32Array, means: Tensor, points: Tensor | null) {
    this.count = components.length;
    this.numbers = new Int32Array(components.length + 1);
    if (points === null) this.replaceBy(components);
    else this.numbers.set(components.map((_, image) => image));
    this.memory = tensor(this.numbers);
    this.means = means;
    this.points = points;
  }

  /** For a checkpoint: int32 [N + 1]. */
  get state(): Tensor {
    return this.memory;
  }

  /** Targets [b, d] that images hold now. */
  of(rows: Int32Array): Tensor {
    const table = this.table();
    return scope(() => table.indexSelect(0, indexOf(this.heldBy(rows)).to({ device: table.device })));
  }

  /**
   * Deals the targets of a batch out anew among its images.
   *
   * @param outputs [b, d] rows of length 1
   * @param toMeans [b, K] their distances from the means
   */
  reassign(rows: Int32Array, outputs: Tensor, toMeans: Float32Array): Reassignment {
    const before = this.heldBy(rows);
    const { after, cost } =
      this.points === this.table() ? this.permute(before, rows, outputs) : this.shareOut(before, toMeans);
    let changed = 0;
    rows.forEach((row, at) => {
      if (after[at] !== before[at]) changed++;
      this.numbers[row] = after[at] ?? 0;
    });
    return { cost, changed };
  }

  /** Gives every image the mean of a component; from now on points are means. @returns images whose component has changed */
  replace(components: Int32Array): number {
    const before = this.components();
    this.replaceBy(components);
    return components.reduce((changed, component, image) => changed + (component === before[image] ? 0 : 1), 0);
  }

  /** [N] component of the target that each image holds: its nearest mean. */
  components(): Int32Array {
    const held = this.numbers.slice(0, this.count);
    const table = this.table();
    if (table === this.means) return held;
    const componentOf = scope(() => nearestMeans(table, this.means).toNumbers());
    return held.map((point) => componentOf[point] ?? 0);
  }

  [Symbol.dispose](): void {
    this.memory.dispose();
    this.points?.dispose();
  }

  /** What the numbers that are held count. */
  private table(): Tensor {
    return this.points === null || this.numbers[this.count] === 1 ? this.means : this.points;
  }

  private heldBy(rows: Int32Array): Int32Array {
    return rows.map((row) => this.numbers[row] ?? 0);
  }

  private replaceBy(components: Int32Array): void {
    this.numbers.set(components);
    this.numbers[this.count] = 1;
  }

  private shareOut(before: Int32Array, toMeans: Float32Array): { after: Int32Array; cost: number } {
    const room = new Int32Array(this.means.shape[0] ?? 0);
    for (const component of before) room[component] = (room[component] ?? 0) + 1;
    const { groupOfRow, total } = transportAssignment(toMeans, before.length, room);
    return { after: groupOfRow, cost: total };
  }

  private permute(before: Int32Array, rows: Int32Array, outputs: Tensor): { after: Int32Array; cost: number } {
    return scope(() => {
      const { targetOf, total } = matchTargets(outputs, this.of(rows));
      return { after: targetOf.map((at) => before[at] ?? 0), cost: total };
    });
  }
}
