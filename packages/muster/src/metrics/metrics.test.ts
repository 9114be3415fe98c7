import { describe, expect, it } from 'vitest';
import { Random } from '../base/index.ts';
import { acc, ari, confusionTable, contingency, matchClusters, nmi } from './index.ts';

const truth = [0, 0, 0, 1, 1, 1, 2, 2];
const pred = [5, 5, -7, -7, -7, -7, 9, 5];

describe('acc', () => {
  it('counts the samples on the best matching', () => {
    expect(acc(truth, pred)).toBe(6 / 8);
    expect(matchClusters(truth, pred)).toEqual([
      { cluster: 5, class: 0, count: 2 },
      { cluster: -7, class: 1, count: 3 },
      { cluster: 9, class: 2, count: 1 },
    ]);
  });

  it('leaves surplus clusters and classes unmatched', () => {
    expect(acc([0, 0, 0, 0], [0, 1, 2, 3])).toBe(0.25);
    expect(acc([0, 1, 2, 3], [4, 4, 4, 4])).toBe(0.25);
  });

  it('prefers the matching with the larger total over the greedy one', () => {
    const classes = [...Array<number>(10).fill(0), ...Array<number>(9).fill(0), ...Array<number>(9).fill(1)];
    const clusters = [...Array<number>(10).fill(0), ...Array<number>(9).fill(1), ...Array<number>(9).fill(0)];
    expect(acc(classes, clusters)).toBe(18 / 28);
  });
});

describe('nmi', () => {
  it('equals the definition worked out by hand', () => {
    const ln = Math.log;
    expect(nmi([0, 0, 1, 1], [0, 0, 0, 1])).toBeCloseTo(
      (0.5 * ln(4 / 3) + 0.25 * ln(2 / 3) + 0.25 * ln(2)) / ((ln(2) + 0.75 * ln(4 / 3) + 0.25 * ln(4)) / 2),
      12,
    );
  });

  it('is 1 for equal partitions and for one value on both sides, 0 for one value on one side or independence', () => {
    expect(nmi([3, 3, 9], [1, 1, 0])).toBeCloseTo(1, 12);
    expect(nmi([1, 1], [2, 2])).toBe(1);
    expect(nmi([1, 1], [1, 2])).toBe(0);
    expect(nmi([0, 0, 1, 1], [0, 1, 0, 1])).toBe(0);
  });
});

describe('ari', () => {
  it('equals counting every ordered pair', () => {
    const random = new Random(4);
    for (let round = 0; round < 50; round++) {
      const a = Array.from({ length: 12 }, () => random.below(3));
      const b = Array.from({ length: 12 }, () => random.below(4));
      let [tp, fp, fn, tn] = [0, 0, 0, 0];
      for (let i = 0; i < 12; i++) {
        for (let j = 0; j < 12; j++) {
          if (i === j) continue;
          if (a[i] === a[j] && b[i] === b[j]) tp++;
          else if (b[i] === b[j]) fp++;
          else if (a[i] === a[j]) fn++;
          else tn++;
        }
      }
      const want = (2 * (tp * tn - fn * fp)) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
      expect(ari(a, b)).toBeCloseTo(want, 12);
    }
  });

  it('is 1 for equal partitions and negative where pairs avoid each other', () => {
    expect(ari([5, 5, 7, 7], [0, 0, 1, 1])).toBe(1);
    expect(ari([0], [3])).toBe(1);
    expect(ari([0, 0, 1, 1], [0, 1, 0, 1])).toBe(-0.5);
  });
});

describe('labels', () => {
  it('may be typed arrays, 64-bit integers beyond 2^53, and far apart', () => {
    const far = [-(2 ** 50), 2 ** 50, 2 ** 50];
    expect(ari(far, Int32Array.of(1, 0, 0))).toBe(1);
    expect(ari(BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n, 2n ** 60n), [0, 1, 0])).toBe(1);
    expect(acc(BigInt64Array.of(-1n, 4n), BigInt64Array.of(7n, 7n))).toBe(0.5);
  });

  it('are refused by name where they do not fit', () => {
    expect(() => acc([1, 2], [1])).toThrow('2 true labels, but 1 predicted ones');
    expect(() => nmi([], [])).toThrow('there are no labels to compare');
    expect(() => ari([1, 0.5], [1, 1])).toThrow('label 1 is 0.5, not an integer');
    expect(() => ari([1, NaN], [1, 1])).toThrow('label 1 is NaN');
  });
});

describe('contingency', () => {
  it('counts alike by table and by sorting', () => {
    const random = new Random(5);
    const a = Int32Array.from({ length: 9000 }, () => random.below(3000));
    const b = Int32Array.from({ length: 9000 }, () => random.below(2000));
    const sorted = contingency(a, b);
    expect(sorted.classes.length * sorted.clusters.length).toBeGreaterThan(2 ** 22);
    const seen = new Map<string, number>();
    a.forEach((value, i) => seen.set(`${value} ${b[i]}`, (seen.get(`${value} ${b[i]}`) ?? 0) + 1));
    expect(sorted.cellCount.length).toBe(seen.size);
    sorted.cellCount.forEach((count, cell) => {
      const key = `${sorted.classes[sorted.cellClass[cell] ?? -1]} ${sorted.clusters[sorted.cellCluster[cell] ?? -1]}`;
      expect(count).toBe(seen.get(key));
    });
  });

  it('stays small where every sample is its own group', () => {
    const own = Int32Array.from({ length: 200_000 }, (_, i) => i);
    expect(
      acc(
        own,
        own.map((i) => -i),
      ),
    ).toBe(1);
    expect(ari(own, own)).toBe(1);
    expect(() => confusionTable(own, own)).toThrow(/too large/);
  });

  it('makes the whole table', () => {
    expect(confusionTable(truth, pred)).toEqual({
      classes: [0, 1, 2],
      clusters: [-7, 5, 9],
      counts: Int32Array.of(1, 2, 0, 3, 0, 0, 0, 1, 1),
    });
  });
});
