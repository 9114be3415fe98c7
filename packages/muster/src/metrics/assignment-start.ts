/* The cheap stages of Jonker and Volgenant's algorithm, which assign most rows before any path is searched. Indices in
   the loops stay within the arrays by construction; `as number` keeps them free of checks in code that runs rows x
   columns times. */
import type { Problem } from './assignment-problem.ts';

/**
 * Column reduction and reduction transfer, for square problems: every column's price becomes its least cost, and a row
 * that wins columns takes the last of them.
 * @returns the rows left free
 */
export function reduceColumns(problem: Problem): Int32Array {
  const { rows, columns, cost, price, columnOf, rowOf } = problem;
  const least = new Int32Array(columns);
  price.set(cost.subarray(0, columns));
  for (let i = 1; i < rows; i++) {
    const base = i * columns;
    for (let j = 0; j < columns; j++) {
      const value = cost[base + j] as number;
      if (value < (price[j] as number)) {
        price[j] = value;
        least[j] = i;
      }
    }
  }
  const wins = new Int32Array(rows);
  for (let j = columns - 1; j >= 0; j--) {
    // A column whose cells are all forbidden: its price must stay finite, and the search will find no path to it.
    if (price[j] === Infinity) {
      price[j] = 0;
      continue;
    }
    const i = least[j] as number;
    wins[i] = (wins[i] as number) + 1;
    if (wins[i] === 1) {
      columnOf[i] = j;
      rowOf[j] = i;
    }
  }
  transferReduction(problem, wins);
  return freeRows(problem);
}

function transferReduction({ rows, columns, cost, price, columnOf }: Problem, wins: Int32Array): void {
  for (let i = 0; i < rows; i++) {
    if (wins[i] !== 1) continue;
    const own = columnOf[i] as number;
    const base = i * columns;
    let second = Infinity;
    for (let j = 0; j < columns; j++) {
      const reduced = (cost[base + j] as number) - (price[j] as number);
      if (reduced < second && j !== own) second = reduced;
    }
    if (second < Infinity) price[own] = (price[own] as number) - second;
  }
}

function freeRows({ columnOf }: Problem): Int32Array {
  const free: number[] = [];
  for (let i = 0; i < columnOf.length; i++) if (columnOf[i] === -1) free.push(i);
  return Int32Array.from(free);
}

/**
 * Augmenting row reduction, one round: each free row takes its best column, lowers that column's price to where its
 * second best is as good, and frees the row that had it, which is tried again at once where the price moved.
 * @returns the rows left free
 */
export function reduceRows(problem: Problem, free: Int32Array): Int32Array {
  const { columns, cost, price, columnOf, rowOf } = problem;
  const waiting = free.slice();
  const left = new Int32Array(free.length);
  let leftCount = 0;
  // Rounding can make two rows outbid each other without end: past this many bids a displaced row waits instead.
  let bids = 2 * columns + free.length;
  for (let next = 0; next < waiting.length;) {
    const i = waiting[next++] as number;
    const base = i * columns;
    let first = Infinity;
    let second = Infinity;
    let j1 = -1;
    let j2 = -1;
    for (let j = 0; j < columns; j++) {
      const reduced = (cost[base + j] as number) - (price[j] as number);
      if (reduced >= second) continue;
      if (reduced < first) {
        second = first;
        j2 = j1;
        first = reduced;
        j1 = j;
      } else {
        second = reduced;
        j2 = j;
      }
    }
    let displaced = j1 < 0 ? i : (rowOf[j1] as number);
    const lowered = j2 < 0 ? NaN : (price[j1] as number) - (second - first);
    const moves = lowered < (price[j1] as number);
    if (displaced >= 0 && j2 >= 0 && first === second) {
      j1 = freeAmongTies(problem, base, first, j2);
      displaced = rowOf[j1] as number;
    }
    // With a single allowed column there is no second bid to set the price by: the path search decides.
    if (j1 < 0 || (j2 < 0 && displaced >= 0)) {
      left[leftCount++] = i;
      continue;
    }
    if (moves) price[j1] = lowered;
    columnOf[i] = j1;
    rowOf[j1] = i;
    if (displaced < 0) continue;
    columnOf[displaced] = -1;
    if (moves && bids-- > 0) waiting[--next] = displaced;
    else left[leftCount++] = displaced;
  }
  return left.slice(0, leftCount);
}

/** A column without a row whose reduced cost ties with the best of its row, or `otherwise` where there is none. */
function freeAmongTies(
  { columns, cost, price, rowOf }: Problem,
  base: number,
  best: number,
  otherwise: number,
): number {
  for (let j = 0; j < columns; j++) {
    if (rowOf[j] === -1 && (cost[base + j] as number) - (price[j] as number) === best) return j;
  }
  return otherwise;
}
