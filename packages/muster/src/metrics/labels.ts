import { MusterError } from '../base/index.ts';

/** One label a sample: any integers, with gaps and negative values; 64-bit ones are taken as they are. */
export type Labels = ArrayLike<number> | BigInt64Array;

/** Labels renamed to 0, 1, 2, ... in the ascending order of the values that occur. */
export interface EncodedLabels {
  /** [n], the rank of each sample's value among the distinct values. */
  readonly codes: Int32Array;
  /** The distinct values, ascending. */
  readonly values: readonly (number | bigint)[];
}

/** A range of values up to this many times the number of samples is ranked by a table, a wider one by a hash map. */
const TABLE_FACTOR = 4;
const TABLE_MINIMUM = 65_536;

/**
 * Ranks labels among their distinct values.
 * @throws MusterError metrics.labels where a label is no integer.
 */
export function encodeLabels(labels: Labels): EncodedLabels {
  if (labels instanceof BigInt64Array) {
    const numbers = Float64Array.from(labels, Number);
    return numbers.every(Number.isSafeInteger) ? encodeNumbers(numbers) : encodeByMap(labels);
  }
  return encodeNumbers(labels);
}

/**
 * Ranks two label vectors of the same samples.
 * @throws MusterError metrics.labels where they differ in length, are empty, or hold something that is no integer.
 */
export function encodePair(truth: Labels, pred: Labels): { truth: EncodedLabels; pred: EncodedLabels; n: number } {
  if (truth.length !== pred.length) {
    throw new MusterError('metrics.labels', `${truth.length} true labels, but ${pred.length} predicted ones`, {
      fix: 'pass one label a sample on both sides, in the same order',
    });
  }
  if (truth.length === 0) {
    throw new MusterError('metrics.labels', 'there are no labels to compare', { fix: 'pass at least one sample' });
  }
  return { truth: encodeLabels(truth), pred: encodeLabels(pred), n: truth.length };
}

function encodeNumbers(labels: ArrayLike<number>): EncodedLabels {
  let least = Infinity;
  let largest = -Infinity;
  for (let i = 0; i < labels.length; i++) {
    const value = labels[i] ?? NaN;
    if (!Number.isSafeInteger(value)) {
      throw new MusterError('metrics.labels', `label ${i} is ${value}, not an integer`, { fix: 'number the groups' });
    }
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  const range = largest - least + 1;
  return range <= Math.max(TABLE_MINIMUM, TABLE_FACTOR * labels.length)
    ? encodeByTable(labels, least, range)
    : encodeByMap(labels);
}

function encodeByTable(labels: ArrayLike<number>, least: number, range: number): EncodedLabels {
  const rank = new Int32Array(Math.max(range, 0)).fill(-1);
  for (let i = 0; i < labels.length; i++) rank[(labels[i] ?? NaN) - least] = 0;
  const values: number[] = [];
  for (let offset = 0; offset < rank.length; offset++) {
    if (rank[offset] === -1) continue;
    rank[offset] = values.length;
    values.push(least + offset);
  }
  const codes = new Int32Array(labels.length);
  for (let i = 0; i < codes.length; i++) codes[i] = rank[(labels[i] ?? NaN) - least] ?? -1;
  return { codes, values };
}

function encodeByMap<T extends number | bigint>(labels: ArrayLike<T>): EncodedLabels {
  const values = [...new Set(Array.from(labels))].sort((a, b) => (a < b ? -1 : 1));
  const rank = new Map(values.map((value, index) => [value, index]));
  return { codes: Int32Array.from(labels, (value) => rank.get(value) ?? -1), values };
}
