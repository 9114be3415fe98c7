import { tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Share of a new batch in the running mean. */
const NEW_SHARE = 0.02;

/** What is told of an epoch's assignments. */
export type EpochFigures = Readonly<Partial<Record<'distance' | 'changed' | 'usedGroups', number>>>;

/** Follows how outputs lie around their nearest means and how the groups are used. */
export class OutputWatch implements Disposable {
  /** float64 [1]: running mean of the squared distance from the nearest mean, by the numbers of a point. */
  readonly spread: Tensor;
  private readonly values = Float64Array.of(1);
  private readonly dimension: number;
  private sizes: Float64Array;
  private images = 0;
  private moved = 0;
  private cost = 0;

  constructor(groups: number, dimension: number) {
    this.spread = tensor(this.values);
    this.dimension = dimension;
    this.sizes = new Float64Array(groups);
  }

  /** Begins an epoch. */
  reset(): void {
    this.sizes.fill(0);
    [this.images, this.moved, this.cost] = [0, 0, 0];
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
    this.images += images;
    this.cost += cost;
    this.moved += changed;
  }

  /** Mean distance from the targets, share of images with a new one, and exp of the entropy of the groups' sizes; empty before any. */
  figures(): EpochFigures {
    if (this.images === 0) return {};
    const all = this.sizes.reduce((sum, size) => sum + size, 0);
    const entropy = this.sizes.reduce((sum, size) => (size > 0 ? sum - (size / all) * Math.log(size / all) : sum), 0);
    return { distance: this.cost / this.images, changed: this.moved / this.images, usedGroups: Math.exp(entropy) };
  }

  [Symbol.dispose](): void {
    this.spread.dispose();
  }
}
