import { expect, test } from 'vitest';
import * as torch from './index.ts';

interface Table {
  readonly rows: number;
  readonly columns: number;
  readonly cost: Float64Array;
}

function assign({ rows, columns, cost }: Table): number[] {
  return torch.scope(() => torch.muster.linearAssignment(torch.tensor(cost, [rows, columns])).toNumbers());
}

const cellOf = ({ columns, cost }: Table, row: number, column: number): number => cost[row * columns + column] ?? NaN;

/** Checks that no row or column is taken twice, and that all rows or all columns are; gives the total. */
function totalOf(table: Table): number {
  const columnOf = assign(table);
  const taken = columnOf.filter((column) => column >= 0);
  expect(columnOf).toHaveLength(table.rows);
  expect(taken).toHaveLength(Math.min(table.rows, table.columns));
  expect(new Set(taken).size).toBe(taken.length);
  return columnOf.reduce((sum, column, row) => (column < 0 ? sum : sum + cellOf(table, row, column)), 0);
}

function transposed({ rows, columns, cost }: Table): Table {
  const turned = cost.map((_, at) => cost[(at % rows) * columns + Math.floor(at / rows)] ?? NaN);
  return { rows: columns, columns: rows, cost: turned };
}

/** Least total over all choices; rows <= columns. */
function bruteForce(table: Table, row = 0, taken: readonly number[] = []): number {
  if (row === table.rows) return 0;
  let least = Infinity;
  for (let column = 0; column < table.columns; column++) {
    if (taken.includes(column)) continue;
    least = Math.min(least, cellOf(table, row, column) + bruteForce(table, row + 1, [...taken, column]));
  }
  return least;
}

/**
 * Whether no cycle of rows that pass their columns on, and no chain that ends at a column without a row, lowers the total: that
 * proves an assignment to be the best, with no prices of the solver. Bellman and Ford's algorithm over columns; rows <= columns.
 */
function canBeImproved(table: Table, columnOf: readonly number[]): boolean {
  const { rows, columns } = table;
  const rowOf = Array<number>(columns).fill(-1);
  columnOf.forEach((column, row) => (rowOf[column] = row));
  const length = new Float64Array(columns);
  for (let round = 0; round <= columns; round++) {
    let changed = false;
    for (let row = 0; row < rows; row++) {
      const own = columnOf[row] ?? -1;
      const start = (length[own] ?? NaN) - cellOf(table, row, own);
      for (let column = 0; column < columns; column++) {
        if (start + cellOf(table, row, column) > (length[column] ?? NaN) - 1e-9) continue;
        if (rowOf[column] === -1) return true;
        length[column] = start + cellOf(table, row, column);
        changed = true;
      }
    }
    if (!changed) return false;
  }
  return true;
}

/** Costs of a table by kind: real, of few different values, or with half of the cells forbidden. */
function drawTable(rows: number, columns: number, kind: 'real' | 'tied' | 'barred', generator: torch.Generator): Table {
  return torch.scope(() => {
    const shape = [rows, columns];
    const real = torch.randn(shape, { generator, dtype: 'float64' });
    if (kind === 'real') return { rows, columns, cost: real.toFloat64Array() };
    const tied = real.mul(2).round();
    if (kind === 'tied') return { rows, columns, cost: tied.toFloat64Array() };
    const isBarred = torch.rand(shape, { generator }).lt(0.5);
    return { rows, columns, cost: tied.maskedFill(isBarred, Infinity).toFloat64Array() };
  });
}

for (const kind of ['real', 'tied', 'barred'] as const) {
  test(`equals trying every choice, wide, square and tall: ${kind} costs`, () => {
    const generator = torch.generator(1);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const rows = 1 + (round % 5);
      const table = drawTable(rows, rows + (round % 3), kind, generator);
      const least = bruteForce(table);
      for (const either of [table, transposed(table)]) {
        if (least < Infinity) expect(totalOf(either)).toBeCloseTo(least, 10);
        else expect(assign(either).filter((column) => column >= 0).length).toBeLessThan(rows);
      }
      if (least === Infinity) refused++;
    }
    expect(refused > 20).toBe(kind === 'barred');
  });

  test.each([
    [100, 100],
    [97, 97],
    [60, 130],
    [33, 36],
  ])(`cannot be improved: %d x %d, ${kind} costs`, (rows, columns) => {
    const generator = torch.generator(rows);
    for (let round = 0; round < 4; round++) {
      const table = drawTable(rows, columns, kind, generator);
      const total = totalOf(table);
      expect(total).toBeLessThan(Infinity);
      expect(canBeImproved(table, assign(table))).toBe(false);
      expect(totalOf(transposed(table))).toBeCloseTo(total, 8);
    }
  });
}

test('an assignment that is not the best can be improved', () => {
  const table = { rows: 2, columns: 3, cost: Float64Array.of(1, 2, 9, 1, 9, 9) };
  expect(canBeImproved(table, [0, 1])).toBe(true);
  expect(canBeImproved(table, [2, 0])).toBe(true);
  expect(canBeImproved(table, assign(table))).toBe(false);
});

test('equal costs, costs of every size, and empty tables', () => {
  expect(totalOf({ rows: 200, columns: 200, cost: new Float64Array(40_000).fill(0.1) })).toBeCloseTo(20, 10);
  expect(totalOf({ rows: 2, columns: 2, cost: Float64Array.of(1e300, 1, 1, 1e300) })).toBe(2);
  expect(totalOf({ rows: 2, columns: 2, cost: Float64Array.of(1e-300, 1, 1, 1e-300) })).toBe(2e-300);
  expect(assign({ rows: 0, columns: 4, cost: new Float64Array(0) })).toEqual([]);
  expect(assign({ rows: 3, columns: 0, cost: new Float64Array(0) })).toEqual([-1, -1, -1]);
});

test('gives no row a column where something is no cost', () => {
  for (const bad of [NaN, -Infinity]) {
    for (const [rows, columns] of [
      [3, 3],
      [2, 9],
      [9, 2],
    ] as const) {
      for (let at = 0; at < rows * columns; at++) {
        const cost = new Float64Array(rows * columns).fill(1).with(at, bad);
        expect(assign({ rows, columns, cost })).toEqual(Array(rows).fill(-1));
      }
    }
  }
});

test('ends where sums of costs overflow', () => {
  const generator = torch.generator(2);
  for (const size of [1.7e308, -1.7e308]) {
    for (let round = 0; round < 60; round++) {
      const table = drawTable(20, 20 + (round % 3), 'tied', generator);
      const cost = table.cost.map((value) => (Math.abs(value) === 2 ? Math.sign(value) * size : value));
      try {
        for (const column of assign({ ...table, cost })) expect(column).toBeLessThan(table.columns);
      } catch (error) {
        expect(String(error)).toMatch(/too large for float64/);
      }
    }
  }
});

test('what does not fit is refused', () => {
  torch.scope(() => {
    for (const table of [torch.zeros([3, 3]), torch.zeros([9], { dtype: 'float64' })]) {
      expect(() => torch.muster.linearAssignment(table)).toThrow(/contiguous float64/);
    }
    expect(() => torch.muster.linearAssignment(torch.zeros([2, 3], { dtype: 'float64' }).t())).toThrow(/contiguous/);
  });
});
