import { tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { effectiveGroups } from '../../train/index.ts';

/** Share of a new batch in the running mean. */
const NEW_SHARE = 0.02;

/** What is told of an epoch's assignments. */
export type EpochFigures = Readonly<Partial<Record<'distance' | 'changed' | 'usedGroups', number>>>;

/** Follows how outputs lie around their nearest means and how the groups are used. */
export class OutputWatch implements Disposable {
  /** float64 [1]: running mean of the squared distance from the nearest mean, by the numbers of a point. */
  readonly spread: Tensor;
  /** The memory of `spread`. */
  private readonly values = Float64Array.of(1);
  /** float64 [K + 3], the memory of `sums`. */
  private readonly kept: Tensor;
  /** Of the epoch: images nearest to each mean, images that were given targets, those with a new one, the sum of their distances. */
  private readonly sums: Float64Array;
  private readonly sizes: Float64Array;
  private readonly dimension: number;

  constructor(groups: number, dimension: number) {
    this.spread = tensor(this.values);
    this.sums = new Float64Array(groups + 3);
    this.kept = tensor(this.sums);
    this.sizes = this.sums.subarray(0, groups);
    this.dimension = dimension;
  }

  /** Begins an epoch. */
  reset(): void {
    this.sums.fill(0);
  }

  /** The epoch's sums for a checkpoint. */
  state(): Map<string, Tensor> {
    return new Map([['figures.outputs', this.kept]]);
  }

  /**
   * Outputs of some images, by their distances from the means.
   *
   * @param toMeans [n, K]
   * @param share of these outputs in the running mean
   * @returns whether all are finite: a network that has diverged is left to its loss, which stops the training by name
   */
  see(toMeans: Float32Array, share = NEW_SHARE): boolean {
    const groups = this.sizes.length;
    const n = toMeans.length / groups;
    let squares = 0;
    for (let image = 0; image < n; image++) {
      let nearest = 0;
      for (let group = 1; group < groups; group++)
        if (Number(toMeans[image * groups + group]) < Number(toMeans[image * groups + nearest])) nearest = group;
      this.sizes[nearest] = (this.sizes[nearest] ?? 0) + 1;
      squares += Number(toMeans[image * groups + nearest]) ** 2;
    }
    if (!Number.isFinite(squares)) return false;
    const [old = 0] = this.values;
    this.values[0] = old + share * (squares / n / this.dimension - old);
    return true;
  }

  /** Images that were given targets at a sum of distances, and how many of these are new to them. */
  deal(images: number, { cost, changed }: { readonly cost: number; readonly changed: number }): void {
    [images, changed, cost].forEach((value, place) => {
      const at = this.sizes.length + place;
      this.sums[at] = (this.sums[at] ?? 0) + value;
    });
  }

  /** Mean distance from the targets, share of images with a new one, and groups in use, in effect; empty before any. */
  figures(): EpochFigures {
    const [images = 0, changed = 0, cost = 0] = this.sums.subarray(this.sizes.length);
    if (images === 0) return {};
    return { distance: cost / images, changed: changed / images, usedGroups: effectiveGroups(this.sizes) };
  }

  [Symbol.dispose](): void {
    this.spread.dispose();
    this.kept.dispose();
  }
}
