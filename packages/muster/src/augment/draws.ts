import { seedStream } from '../base/index.ts';

/** What a view's random numbers depend on. */
export interface DrawsOptions {
  readonly seed: number;
  readonly epoch: number;
  /** Which of an image's views: 0, 1, ... */
  readonly view: number;
  /** The images' numbers in their collection: whole and not negative. */
  readonly rows: ArrayLike<number>;
}

/**
 * Random numbers of a view, on the host: one stream for each (seed, epoch, view, image row, name), read by its counter, so
 * that neither the batch's size, its order, threads nor device change what happens to an image. A name is used for one
 * choice of a pipeline only: the same name gives the same numbers again.
 */
export class Draws {
  #key: number;
  readonly #rows: ArrayLike<number>;

  constructor({ seed, epoch, view, rows }: DrawsOptions) {
    this.#key = seedStream(seed, 'augment', epoch, view);
    this.#rows = rows;
  }

  /** Number of images. */
  get count(): number {
    return this.#rows.length;
  }

  /** The draws of the images at these places of the batch alone. */
  part(places: ArrayLike<number>): Draws {
    return Draws.#of(
      this.#key,
      Float64Array.from(places, (place) => this.#rows[place] ?? 0),
    );
  }

  /** The same images' draws in a world of their own: for a pipeline inside a pipeline, or one used twice. */
  inside(name: string): Draws {
    return Draws.#of(seedStream(this.#key, 'inside', name), this.#rows);
  }

  /** [count] numbers in [low, high), in steps of (high - low) / 2^32. */
  uniform(name: string, low = 0, high = 1): Float64Array {
    const scale = (high - low) / 2 ** 32;
    return Float64Array.from(this.#words(name), (word) => low + word * scale);
  }

  /** [count] whole numbers in [0, bound); each is as likely as the others to within bound / 2^32. */
  below(name: string, bound: number): Int32Array {
    return Int32Array.from(this.#words(name), (word) => Math.floor((word * bound) / 2 ** 32));
  }

  /** [count, k]: for each image the numbers 0..k-1 in random order (Fisher and Yates). */
  permutation(name: string, k: number): Int32Array {
    const words = this.#words(name);
    const orders = new Int32Array(words.length * k);
    words.forEach((word, image) => {
      const order = orders.subarray(image * k, (image + 1) * k).map((_, place) => place);
      for (let last = k - 1; last > 0; last--) {
        const other = Math.floor((finish(word + Math.imul(last, STEP)) * (last + 1)) / 2 ** 32);
        const kept = order[last] ?? 0;
        order[last] = order[other] ?? 0;
        order[other] = kept;
      }
      orders.set(order, image * k);
    });
    return orders;
  }

  /** [count] ones with probability `p`, else zeros. */
  chance(name: string, p: number): Uint8Array {
    return Uint8Array.from(this.#words(name), (word) => (word < p * 2 ** 32 ? 1 : 0));
  }

  /** One 32-bit word for each image. */
  #words(name: string): Uint32Array {
    const key = seedStream(this.#key, name);
    const low = key | 0;
    const high = Math.floor(key / 2 ** 32);
    return Uint32Array.from(this.#rows, (row) => {
      const upper = Math.floor(row / 2 ** 32);
      return finish(finish(Math.imul(row, STEP) + low) ^ Math.imul(high + Math.imul(upper, STEP), 0x5f356495));
    });
  }

  static #of(key: number, rows: ArrayLike<number>): Draws {
    const draws = new Draws({ seed: 0, epoch: 0, view: 0, rows });
    draws.#key = key;
    return draws;
  }
}

const STEP = 0x9e3779b1;

/** @source MurmurHash3's 32-bit finaliser */
function finish(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
