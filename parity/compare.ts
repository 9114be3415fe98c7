import type { TypedArray } from '@muster/torch';
import type { Comparison, Tolerance } from './case.ts';

/** One side of a comparison: row-major entries, their shape, and whether the stored type is integer, bool or byte. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: TypedArray;
  readonly discrete: boolean;
}

/** Largest entry that G G' - W W' may have where two subspaces are compared. */
const SUBSPACE_LIMIT = 1e-4;

/**
 * Compares one output with its answer.
 * @returns why they differ, or undefined where they agree. Shapes must be equal under every rule, and a NaN where the
 *   answer is a number never agrees.
 */
export function compareValues(
  got: Values,
  want: Values,
  tolerance: Tolerance,
  rule: Comparison | undefined,
): string | undefined {
  if (!sameShape(got.shape, want.shape)) return `shape ${shapeText(got.shape)}, wanted ${shapeText(want.shape)}`;
  if (rule === undefined) return want.discrete ? compareExact(got, want) : compareClose(got, want, tolerance);
  switch (rule.how) {
    case 'exact':
      return compareExact(got, want);
    case 'partition':
      return comparePartition(got, want);
    case 'sign-rows':
      return compareUpToSign(got, want, tolerance, 'row');
    case 'sign-columns':
      return compareUpToSign(got, want, tolerance, 'column');
    case 'subspace':
      return compareSubspace(got, want);
    case 'levels':
      return compareLevels(got, want, rule);
    case 'mostly':
      return compareMostly(got, want, tolerance, rule);
    default:
      return `unknown comparison ${rule.how}`;
  }
}

/** `|got - want| <= atol + rtol |want|`; NaN agrees with NaN, an infinity with itself alone. */
export function isClose(got: number, want: number, { rtol, atol }: Tolerance): boolean {
  if (Number.isNaN(want)) return Number.isNaN(got);
  if (!Number.isFinite(want) || !Number.isFinite(got)) return got === want;
  return Math.abs(got - want) <= atol + rtol * Math.abs(want);
}

function compareExact(got: Values, want: Values): string | undefined {
  return describe(got, want, (i) => isEqual(got.data[i], want.data[i]));
}

function compareClose(got: Values, want: Values, tolerance: Tolerance): string | undefined {
  return describe(got, want, (i) => isClose(entry(got, i), entry(want, i), tolerance));
}

function comparePartition(got: Values, want: Values): string | undefined {
  if (want.shape.length !== 1) return `partition compares label vectors, not ${shapeText(want.shape)}`;
  const forth = new Map<number, number>();
  const back = new Map<number, number>();
  for (let i = 0; i < want.data.length; i++) {
    const ours = entry(got, i);
    const theirs = entry(want, i);
    if (Number.isNaN(ours)) return `label ${i} is NaN`;
    if (!forth.has(ours)) forth.set(ours, theirs);
    if (!back.has(theirs)) back.set(theirs, ours);
    if (forth.get(ours) !== theirs || back.get(theirs) !== ours) return `sample ${i} is grouped otherwise`;
  }
  return undefined;
}

function compareUpToSign(got: Values, want: Values, tolerance: Tolerance, line: 'row' | 'column'): string | undefined {
  const [rows, columns, ...rest] = want.shape;
  if (rows === undefined || columns === undefined || rest.length > 0) return `a matrix is needed to flip a ${line}`;
  const [lines, length] = line === 'row' ? [rows, columns] : [columns, rows];
  const at = (l: number, p: number): number => (line === 'row' ? l * columns + p : p * columns + l);
  for (let l = 0; l < lines; l++) {
    const agrees = (sign: number): boolean => {
      for (let p = 0; p < length; p++) {
        if (!isClose(sign * entry(got, at(l, p)), entry(want, at(l, p)), tolerance)) return false;
      }
      return true;
    };
    if (!agrees(1) && !agrees(-1)) return `${line} ${l} differs under either sign`;
  }
  return undefined;
}

function compareSubspace(got: Values, want: Values): string | undefined {
  const [rows, columns, ...rest] = want.shape;
  if (rows === undefined || columns === undefined || rest.length > 0) return 'a matrix is needed for a subspace';
  const g = Float64Array.from(got.data, Number);
  const w = Float64Array.from(want.data, Number);
  let worst = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let difference = 0;
      for (let t = 0; t < columns; t++) {
        difference += (g[i * columns + t] ?? NaN) * (g[j * columns + t] ?? NaN);
        difference -= (w[i * columns + t] ?? NaN) * (w[j * columns + t] ?? NaN);
      }
      if (Number.isNaN(difference)) return 'NaN in a basis';
      worst = Math.max(worst, Math.abs(difference));
    }
  }
  return worst <= SUBSPACE_LIMIT ? undefined : `the projections differ by ${short(worst)}, allowed ${SUBSPACE_LIMIT}`;
}

function compareLevels(got: Values, want: Values, rule: Comparison): string | undefined {
  if (rule.mean === undefined || rule.max === undefined) return 'levels needs a mean and a max';
  let total = 0;
  let worst = 0;
  for (let i = 0; i < want.data.length; i++) {
    const difference = Math.abs(entry(got, i) - entry(want, i));
    if (Number.isNaN(difference)) return `entry ${i} is ${got.data[i]}, wanted ${want.data[i]}`;
    total += difference;
    worst = Math.max(worst, difference);
  }
  const mean = want.data.length === 0 ? 0 : total / want.data.length;
  if (mean <= rule.mean && worst <= rule.max) return undefined;
  return `mean difference ${short(mean)} (allowed ${rule.mean}), largest ${short(worst)} (allowed ${rule.max})`;
}

function compareMostly(got: Values, want: Values, tolerance: Tolerance, rule: Comparison): string | undefined {
  if (rule.share === undefined) return 'mostly needs a share';
  const allowed = rule.atol === undefined ? tolerance : { rtol: 0, atol: rule.atol };
  const total = want.data.length;
  let close = 0;
  for (let i = 0; i < total; i++) {
    if (isClose(entry(got, i), entry(want, i), allowed)) close++;
  }
  return close >= rule.share * total
    ? undefined
    : `${close} of ${total} entries are close, wanted a share of ${rule.share}`;
}

function describe(got: Values, want: Values, agrees: (index: number) => boolean): string | undefined {
  let wrong = 0;
  let worst = -1;
  let largest = -1;
  for (let i = 0; i < want.data.length; i++) {
    if (agrees(i)) continue;
    wrong++;
    const difference = Math.abs(entry(got, i) - entry(want, i));
    const size = Number.isNaN(difference) ? Infinity : difference;
    if (size > largest) [largest, worst] = [size, i];
  }
  if (wrong === 0) return undefined;
  const where = worst < 0 ? '' : `; at ${worst} got ${got.data[worst]}, wanted ${want.data[worst]}`;
  return `${wrong} of ${want.data.length} entries differ${where}`;
}

function isEqual(got: number | bigint | undefined, want: number | bigint | undefined): boolean {
  if (typeof got === 'number' && typeof want === 'number')
    return got === want || (Number.isNaN(got) && Number.isNaN(want));
  if (typeof got === 'bigint' && typeof want === 'number') return isEqual(want, got);
  if (typeof got === 'number' && typeof want === 'bigint') return Number.isInteger(got) && BigInt(got) === want;
  return got === want;
}

function entry(values: Values, index: number): number {
  return Number(values.data[index] ?? NaN);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function short(value: number): string {
  return value.toPrecision(3);
}
