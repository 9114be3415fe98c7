import { describe, expect, it } from 'vitest';
import { Random } from '../base/index.ts';
import { linearAssignment } from './assignment.ts';

/** Least total over all choices, by trying every column for every row in turn; rows <= columns. */
function bruteForce(cost: Float64Array, rows: number, columns: number, row = 0, used = new Set<number>()): number {
  if (row === rows) return 0;
  let least = Infinity;
  for (let column = 0; column < columns; column++) {
    if (used.has(column)) continue;
    const rest = bruteForce(cost, rows, columns, row + 1, new Set([...used, column]));
    least = Math.min(least, (cost[row * columns + column] ?? NaN) + rest);
  }
  return least;
}

function checkChoice(cost: ArrayLike<number>, rows: number, columns: number, maximise = false): number {
  const { columnOfRow, total } = linearAssignment(cost, rows, columns, { maximise });
  const chosen = [...columnOfRow].filter((column) => column >= 0);
  expect(chosen).toHaveLength(Math.min(rows, columns));
  expect(new Set(chosen).size).toBe(chosen.length);
  let sum = 0;
  columnOfRow.forEach((column, row) => (sum += column < 0 ? 0 : (cost[row * columns + column] ?? NaN)));
  expect(total).toBe(sum);
  return total;
}

describe('linearAssignment', () => {
  it('equals trying every choice, on real and tied costs, wide, square and tall', () => {
    const random = new Random(1);
    for (let round = 0; round < 400; round++) {
      const rows = 1 + random.below(5);
      const columns = rows + random.below(3);
      const tied = round % 2 === 0;
      const cost = Float64Array.from({ length: rows * columns }, () => (tied ? random.below(4) : random.normal()));
      const least = bruteForce(cost, rows, columns);
      expect(checkChoice(cost, rows, columns)).toBeCloseTo(least, 10);
      expect(
        checkChoice(
          cost.map((value) => -value),
          rows,
          columns,
          true,
        ),
      ).toBeCloseTo(-least, 10);
      const tall = Float64Array.from(cost, (_, at) => cost[(at % rows) * columns + Math.floor(at / rows)] ?? NaN);
      expect(checkChoice(tall, columns, rows)).toBeCloseTo(least, 10);
    }
  });

  it('respects forbidden cells, and says where they leave no assignment', () => {
    const random = new Random(2);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const rows = 1 + random.below(5);
      const columns = rows + random.below(2);
      const cost = Float64Array.from({ length: rows * columns }, () =>
        random.below(2) === 0 ? Infinity : random.below(9),
      );
      const least = bruteForce(cost, rows, columns);
      if (least === Infinity) {
        refused++;
        expect(() => linearAssignment(cost, rows, columns)).toThrow(/no full assignment/);
      } else {
        expect(checkChoice(cost, rows, columns)).toBe(least);
      }
    }
    expect(refused).toBeGreaterThan(50);
    expect(refused).toBeLessThan(350);
  });

  it('has prices that prove a large choice to be the best', () => {
    const random = new Random(3);
    const n = 200;
    const planted = random.permutation(n);
    const rowPrice = Float64Array.from({ length: n }, () => random.normal());
    const columnPrice = Float64Array.from({ length: n }, () => random.normal());
    const cost = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const slack = planted[i] === j ? 0 : random.float();
        cost[i * n + j] = (rowPrice[i] ?? 0) + (columnPrice[j] ?? 0) + slack;
      }
    }
    const best = rowPrice.reduce((a, b) => a + b, 0) + columnPrice.reduce((a, b) => a + b, 0);
    expect(checkChoice(cost, n, n)).toBeCloseTo(best, 9);
  });

  it('takes many equal rows and columns, and enormous and tiny costs together', () => {
    const n = 60;
    const cost = Float64Array.from({ length: n * n }, (_, at) => ((at % n) % 3 === Math.floor(at / n) % 3 ? 0 : 1));
    expect(checkChoice(cost, n, n)).toBe(0);
    expect(checkChoice([1e300, 1, 1, 1e300], 2, 2)).toBe(2);
    expect(checkChoice([1e-300, 1, 1, 1e-300], 2, 2)).toBe(2e-300);
  });

  it('accepts empty tables', () => {
    expect(linearAssignment([], 0, 0)).toEqual({ columnOfRow: new Int32Array(0), total: 0 });
    expect(linearAssignment([], 3, 0).columnOfRow).toEqual(Int32Array.of(-1, -1, -1));
  });

  it('refuses NaN, favourable infinities and wrong lengths', () => {
    expect(() => linearAssignment([1, NaN], 1, 2)).toThrow('the cost in row 0, column 1 is NaN');
    expect(() => linearAssignment([1, 2, -Infinity, 4], 2, 2)).toThrow('the cost in row 1, column 0 is -Infinity');
    expect(() => linearAssignment([1, Infinity], 2, 1, { maximise: true })).toThrow('row 1, column 0 is Infinity');
    expect(() => linearAssignment([1, 2, 3], 2, 2)).toThrow('3 costs do not make a table of 2 x 2');
  });
});
