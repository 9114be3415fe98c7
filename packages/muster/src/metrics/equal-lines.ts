/* Indices in the loops stay within the arrays by construction; `as number` keeps them free of checks in code that runs over all cells. */

/** A table seen as lines (its rows or its columns) of entries. */
export interface Lines {
  readonly values: ArrayLike<number>;
  readonly lines: number;
  readonly length: number;
  /** Steps in `values` from a line to the next, and from an entry to the next. */
  readonly lineStep: number;
  readonly entryStep: number;
}

/** Which lines are equal. */
export interface EqualLines {
  /** [lines], numbered in the order in which the groups first occur. */
  readonly groupOf: Int32Array;
  /** The first line of each group. */
  readonly first: number[];
}

/**
 * Groups equal lines, or null where there are more than `most` different ones (seen early, from the first entries) or,
 * with a chance that does not matter, where two different lines have the same sum of hashing.
 */
export function groupEqualLines(table: Lines, most: number): EqualLines | null {
  const { lines, length } = table;
  const sums = new Float64Array(lines);
  let weight = 0.5;
  for (let entry = 0; entry < length; entry++) {
    addEntries(table, entry, weight, sums);
    if (entry === 0 && countDistinct(sums, most) > most) return null;
    // Multiples of an irrational number modulo 1 repeat for no entry.
    weight = (weight + 0.618_033_988_749_894_9) % 1;
  }
  const groups = new Map<number, number>();
  const first: number[] = [];
  const groupOf = new Int32Array(lines);
  for (let line = 0; line < lines; line++) {
    let group = groups.get(sums[line] as number);
    if (group === undefined) {
      if (first.length === most) return null;
      group = first.push(line) - 1;
      groups.set(sums[line] as number, group);
    }
    groupOf[line] = group;
  }
  return areEqual(table, groupOf, first) ? { groupOf, first } : null;
}

/** Stands for an infinity in sums, which would hide all other entries. */
const FOR_INFINITY = 7919.25;

function addEntries(
  { values, lines, lineStep, entryStep }: Lines,
  entry: number,
  weight: number,
  sums: Float64Array,
): void {
  let at = entry * entryStep;
  for (let line = 0; line < lines; line++, at += lineStep) {
    const value = values[at] as number;
    sums[line] = (sums[line] as number) + weight * (Number.isFinite(value) ? value : FOR_INFINITY);
  }
}

/** Number of different values, counted no further than past `most`. */
function countDistinct(values: Float64Array, most: number): number {
  const seen = new Set<number>();
  for (const value of values) {
    seen.add(value);
    if (seen.size > most) break;
  }
  return seen.size;
}

function areEqual(
  { values, lines, length, lineStep, entryStep }: Lines,
  groupOf: Int32Array,
  first: number[],
): boolean {
  for (let entry = 0; entry < length; entry++) {
    const base = entry * entryStep;
    for (let line = 0; line < lines; line++) {
      const like = first[groupOf[line] as number] as number;
      if (values[base + line * lineStep] !== values[base + like * lineStep]) return false;
    }
  }
  return true;
}
