/* Shortest augmenting paths over reduced costs. See assignment-start.ts on `as number`. */
import type { Problem } from './assignment-problem.ts';

interface Search {
  /** [columns], length of the shortest alternating path found to each column. */
  readonly distance: Float64Array;
  /** [columns], the row a column was reached from. */
  readonly from: Int32Array;
  /** [columns], a permutation: columns whose distance is final, then those at the present minimum, then the rest. */
  readonly order: Int32Array;
}

/**
 * Assigns each free row along a shortest augmenting path, keeping the prices optimal.
 * @returns false where some row cannot be assigned because of forbidden cells
 */
export function augmentRows(problem: Problem, free: Int32Array): boolean {
  const { columns } = problem;
  const search: Search = {
    distance: new Float64Array(columns),
    from: new Int32Array(columns),
    order: Int32Array.from({ length: columns }, (_, column) => column),
  };
  for (const row of free) {
    const end = shortestPath(problem, search, row);
    if (end < 0) return false;
    augment(problem, search, row, end);
  }
  return true;
}

/** Dijkstra's search from a free row; ends at the nearest free column, updates the prices, returns the column or -1. */
function shortestPath({ columns, cost, price, rowOf }: Problem, search: Search, row: number): number {
  const { distance, from, order } = search;
  for (let j = 0; j < columns; j++) {
    distance[j] = (cost[row * columns + j] as number) - (price[j] as number);
    from[j] = row;
  }
  let ready = 0;
  let low = 0;
  let high = 0;
  for (;;) {
    ready = low;
    const least = gatherNearest(distance, order, low);
    high = least.end;
    if (least.value === Infinity) return -1;
    for (let k = low; k < high; k++) {
      const j = order[k] as number;
      if (rowOf[j] === -1) return finish(price, search, ready, least.value, j);
    }
    while (low < high) {
      const j1 = order[low++] as number;
      const i = rowOf[j1] as number;
      const base = i * columns;
      const offset = (cost[base + j1] as number) - (price[j1] as number) - least.value;
      for (let k = high; k < columns; k++) {
        const j = order[k] as number;
        const length = (cost[base + j] as number) - (price[j] as number) - offset;
        if (!(length < (distance[j] as number))) continue;
        distance[j] = length;
        from[j] = i;
        if (length > least.value) continue;
        if (rowOf[j] === -1) return finish(price, search, ready, least.value, j);
        order[k] = order[high] as number;
        order[high++] = j;
      }
    }
  }
}

const nearest = { value: Infinity, end: 0 };

/** Moves the columns of least distance from position `low` on to the front; gives the distance and where they end. */
function gatherNearest(distance: Float64Array, order: Int32Array, low: number): { value: number; end: number } {
  let end = low;
  let value = Infinity;
  for (let k = low; k < order.length; k++) {
    const j = order[k] as number;
    const d = distance[j] as number;
    if (d > value) continue;
    if (d < value) {
      value = d;
      end = low;
    }
    order[k] = order[end] as number;
    order[end++] = j;
  }
  nearest.value = value;
  nearest.end = end;
  return nearest;
}

function finish(price: Float64Array, { distance, order }: Search, ready: number, least: number, end: number): number {
  for (let k = 0; k < ready; k++) {
    const j = order[k] as number;
    price[j] = (price[j] as number) + (distance[j] as number) - least;
  }
  return end;
}

function augment({ columnOf, rowOf }: Problem, { from }: Search, row: number, end: number): void {
  let j = end;
  for (;;) {
    const i = from[j] as number;
    rowOf[j] = i;
    const next = columnOf[i] as number;
    columnOf[i] = j;
    if (i === row) return;
    j = next;
  }
}
