import type { TypedArray } from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { compareValues, isClose } from './compare.ts';
import type { Values } from './compare.ts';
import type { Comparison } from './case.ts';

const tolerance = { rtol: 0.01, atol: 0.1 };

function real(data: readonly number[], shape: readonly number[] = [data.length]): Values {
  return { shape, data: Float64Array.from(data), discrete: false };
}

function whole(data: TypedArray, shape: readonly number[] = [data.length]): Values {
  return { shape, data, discrete: true };
}

function compare(got: Values, want: Values, rule?: Comparison): string | undefined {
  return compareValues(got, want, tolerance, rule);
}

describe('the default rule', () => {
  it('takes reals within atol + rtol |want|, and no further', () => {
    expect(compare(real([100]), real([101.11]))).toBeUndefined();
    expect(compare(real([100]), real([101.12]))).toBe('1 of 1 entries differ; at 0 got 100, wanted 101.12');
    expect(isClose(-0.05, 0.05, tolerance)).toBe(true);
    expect(isClose(-0.06, 0.05, tolerance)).toBe(false);
  });

  it('lets NaN agree with NaN and an infinity with itself, and nothing else', () => {
    expect(compare(real([NaN, Infinity, -Infinity]), real([NaN, Infinity, -Infinity]))).toBeUndefined();
    const pairs: [number, number][] = [
      [NaN, 1],
      [1, NaN],
      [Infinity, 1],
      [1, Infinity],
      [-1e308, -Infinity],
      [-Infinity, Infinity],
      [NaN, Infinity],
    ];
    for (const [got, want] of pairs) expect(compare(real([got]), real([want]))).toMatch(/1 of 1 entries differ/);
  });

  it('takes integers, masks and bytes exactly, whatever the tolerance', () => {
    expect(compare(whole(BigInt64Array.of(5n)), whole(BigInt64Array.of(5n)))).toBeUndefined();
    expect(compareValues(whole(Int32Array.of(6)), whole(Int32Array.of(5)), { rtol: 9, atol: 9 }, undefined)).toMatch(
      /differ/,
    );
    expect(compare(whole(BigInt64Array.of(2n ** 60n + 1n)), whole(BigInt64Array.of(2n ** 60n)))).toMatch(/differ/);
    expect(compare(whole(Int32Array.of(5)), whole(BigInt64Array.of(5n)))).toBeUndefined();
    expect(compare(real([5.5]), whole(BigInt64Array.of(5n)))).toMatch(/differ/);
    expect(compare(real([NaN]), whole(Uint8Array.of(0)))).toMatch(/differ/);
  });

  it('wants equal shapes', () => {
    expect(compare(real([1, 2]), real([1, 2], [2, 1]))).toBe('shape [2], wanted [2, 1]');
    expect(compare(real([1], []), real([1]))).toBe('shape [], wanted [1]');
    expect(compare(real([], [0, 3]), real([], [3, 0]))).toBe('shape [0, 3], wanted [3, 0]');
    expect(compare(real([], [0, 3]), real([], [0, 3]))).toBeUndefined();
  });
});

describe('exact', () => {
  it('wants every entry equal, NaN with NaN', () => {
    expect(compare(real([1, NaN]), real([1, NaN]), { how: 'exact' })).toBeUndefined();
    expect(compare(real([1 + 1e-15]), real([1]), { how: 'exact' })).toMatch(/1 of 1/);
    expect(compare(real([NaN]), real([1]), { how: 'exact' })).toMatch(/1 of 1/);
  });
});

describe('partition', () => {
  const want = whole(BigInt64Array.of(0n, 0n, 1n, 2n));

  it('leaves names aside', () => {
    expect(compare(whole(Int32Array.of(7, 7, -1, 0)), want, { how: 'partition' })).toBeUndefined();
  });

  it('fails where groups are split, joined or not numbers', () => {
    expect(compare(whole(Int32Array.of(0, 3, 1, 2)), want, { how: 'partition' })).toBe('sample 1 is grouped otherwise');
    expect(compare(whole(Int32Array.of(0, 0, 1, 1)), want, { how: 'partition' })).toBe('sample 3 is grouped otherwise');
    expect(compare(real([NaN, NaN, 1, 2]), want, { how: 'partition' })).toBe('label 0 is NaN');
    expect(compare(real([1], [1, 1]), real([1], [1, 1]), { how: 'partition' })).toMatch(/label vectors/);
  });
});

describe('sign-rows and sign-columns', () => {
  const want = real([1, -2, 3, 4], [2, 2]);

  it('let a whole row or column change its sign', () => {
    expect(compare(real([-1, 2, 3, 4], [2, 2]), want, { how: 'sign-rows' })).toBeUndefined();
    expect(compare(real([-1, -2, -3, 4], [2, 2]), want, { how: 'sign-columns' })).toBeUndefined();
  });

  it('fail on single signs, on the other direction, and on sizes', () => {
    expect(compare(real([-1, 2, 3, 4], [2, 2]), want, { how: 'sign-columns' })).toMatch(/column 0 differs/);
    expect(compare(real([-1, -2, -3, 4], [2, 2]), want, { how: 'sign-rows' })).toMatch(/row 0 differs/);
    expect(compare(real([1, -2, 3, -4.3], [2, 2]), want, { how: 'sign-columns' })).toMatch(/column 1 differs/);
    expect(compare(real([1, -2]), real([1, -2]), { how: 'sign-rows' })).toMatch(/a matrix is needed/);
  });
});

describe('subspace', () => {
  const root = Math.SQRT1_2;

  it('takes any orthonormal basis of the same space', () => {
    const want = real([1, 0, 0, 1, 0, 0], [3, 2]);
    expect(compare(real([root, root, root, -root, 0, 0], [3, 2]), want, { how: 'subspace' })).toBeUndefined();
  });

  it('fails on another space, another length, and NaN', () => {
    const want = real([1, 0, 0], [3, 1]);
    expect(compare(real([0, 1, 0], [3, 1]), want, { how: 'subspace' })).toMatch(/projections differ by 1\.00/);
    expect(compare(real([1.001, 0, 0], [3, 1]), want, { how: 'subspace' })).toMatch(/projections differ/);
    expect(compare(real([0.99999, 0.0005, 0], [3, 1]), want, { how: 'subspace' })).toMatch(/projections differ/);
    expect(compare(real([NaN, 0, 0], [3, 1]), want, { how: 'subspace' })).toMatch(/NaN/);
  });
});

describe('levels', () => {
  const rule = { how: 'levels', mean: 1, max: 2 };
  const want = whole(Uint8Array.of(10, 10, 10, 10));

  it('bounds the mean and the largest difference', () => {
    expect(compare(whole(Uint8Array.of(12, 8, 10, 10)), want, rule)).toBeUndefined();
    expect(compare(whole(Uint8Array.of(13, 10, 10, 10)), want, rule)).toMatch(/largest 3\.00/);
    expect(compare(whole(Uint8Array.of(12, 8, 12, 10)), want, rule)).toMatch(/mean difference 1\.50/);
    expect(compare(real([NaN, 10, 10, 10]), want, rule)).toMatch(/entry 0 is NaN/);
    expect(compare(want, want, { how: 'levels' })).toMatch(/needs a mean/);
  });
});

describe('mostly', () => {
  const want = real([1, 2, 3, 4]);

  it('leaves a share free, by the usual tolerance or by its own', () => {
    expect(compare(real([9, 2, 3, 4]), want, { how: 'mostly', share: 0.75 })).toBeUndefined();
    expect(compare(real([9, NaN, 3, 4]), want, { how: 'mostly', share: 0.75 })).toMatch(/2 of 4 entries are close/);
    expect(compare(real([9, 2, 3, 4.13]), want, { how: 'mostly', share: 0.75, atol: 0.1 })).toMatch(/2 of 4/);
    expect(compare(real([9, 4, 3, 4]), want, { how: 'mostly', share: 0.75, atol: 2 })).toBeUndefined();
    expect(compare(want, want, { how: 'mostly' })).toMatch(/needs a share/);
  });
});

it('refuses a rule it does not know', () => {
  expect(compare(real([1]), real([1]), { how: 'roughly' })).toBe('unknown comparison roughly');
});
