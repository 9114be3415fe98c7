/** Part of a stream's name: a purpose (`shuffle`), an epoch, an image's number. */
export type SeedName = string | number;

const encoder = new TextEncoder();

/**
 * The seed of a named stream: a whole number in [0, 2^53) that depends on the seed and on every name and their order.
 * Each random choice takes a stream of its own, so that neither the order of work nor the thread count changes it.
 *
 * Hash: two 32-bit multiply-xor lanes over seed and names, each name preceded by its kind and length, so that
 * `('a', 'b')` and `('ab')` differ, and `1` and `'1'` too.
 */
export function seedStream(seed: number, ...names: readonly SeedName[]): number {
  const [high, low] = hash(seed, names);
  return (high & 0x1fffff) * 2 ** 32 + low;
}

/** As {@link seedStream}, a whole number in [0, 2^32). */
export function seedStream32(seed: number, ...names: readonly SeedName[]): number {
  return hash(seed, names)[1];
}

/** A {@link Random} on the stream of this name. */
export function randomStream(seed: number, ...names: readonly SeedName[]): Random {
  return new Random(seedStream(seed, ...names));
}

/**
 * A small deterministic generator for choices made on the host (tensors have the engine's own): xoshiro128**,
 * period 2^128 - 1. The same seed gives the same numbers on every machine.
 *
 * @source Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021; state filled by splitmix32.
 */
export class Random {
  private readonly state: Uint32Array;

  /** @param seed a whole number in [0, 2^53) */
  constructor(seed: number) {
    let mixed = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1);
    this.state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      return finish(mixed);
    });
    if (this.state.every((word) => word === 0)) this.state[0] = 1;
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const s = this.state;
    const s1 = s[1] ?? 0;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    const s2 = (s[2] ?? 0) ^ (s[0] ?? 0);
    const s3 = (s[3] ?? 0) ^ s1;
    s[1] = s1 ^ s2;
    s[0] = (s[0] ?? 0) ^ s3;
    s[2] = s2 ^ (s1 << 9);
    s[3] = rotate(s3, 11);
    return result;
  }

  /** A number in [0, 1) with 53 random bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** A whole number in [0, bound), each equally likely. `bound` is in 1..2^32. */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
      throw new RangeError(`below(${bound}): expected 1..2^32`);
    const accepted = 2 ** 32 - (2 ** 32 % bound);
    let value = this.uint32();
    while (value >= accepted) value = this.uint32();
    return value % bound;
  }

  /** A standard normal number (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(values: T): T {
    for (let last = values.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [values[last], values[other]] = [values[other], values[last]];
    }
    return values;
  }

  /** 0..n-1 in random order. */
  permutation(n: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: n }, (_, index) => index));
  }
}

function hash(seed: number, names: readonly SeedName[]): [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  const eat = (word: number): void => {
    a = Math.imul(a ^ word, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0x5f356495);
    b ^= b >>> 13;
  };
  const eatNumber = (value: number): void => {
    const bits = new Uint32Array(new Float64Array([value]).buffer);
    eat(bits[0] ?? 0);
    eat(bits[1] ?? 0);
  };
  eatNumber(seed);
  for (const name of names) {
    if (typeof name === 'number') {
      eat(1);
      eatNumber(name);
    } else {
      const bytes = encoder.encode(name);
      eat(2);
      eat(bytes.length);
      for (const byte of bytes) eat(byte);
    }
  }
  return [finish(a ^ Math.imul(b, 0x85ebca77)), finish(b ^ Math.imul(a, 0xc2b2ae3d))];
}

function finish(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
