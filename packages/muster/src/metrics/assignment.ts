import { MusterError } from '../base/index.ts';
import { augmentRows } from './augmenting-path.ts';
import { reduceColumns, reduceRows } from './assignment-start.ts';
import { newProblem } from './assignment-problem.ts';
import type { Problem } from './assignment-problem.ts';

/** Settings of {@link linearAssignment}. */
export interface AssignmentOptions {
  /** Look for the greatest total instead of the least. Default false. */
  readonly maximise?: boolean;
}

/** Which cells were chosen. */
export interface Assignment {
  /** [rows]: the column chosen in each row, -1 where rows outnumber columns and the row has none. */
  readonly columnOfRow: Int32Array;
  /** Sum of the chosen costs. */
  readonly total: number;
}

/**
 * Linear sum assignment, exact: min(rows, columns) cells, at most one in each row and column, of least total cost.
 * An infinite cost (minus infinity when maximising) marks a forbidden cell. With ties, one of the best choices.
 *
 * Source: Jonker and Volgenant, Computing 38 (1987): column reduction, reduction transfer and augmenting row reduction
 * where they keep the duals feasible, then shortest augmenting paths; the rectangular case (Crouse, IEEE TAES 52 (2016),
 * 1679-1696) by leaving the prices of unmatched columns at zero.
 * @param cost row-major [rows, columns]; not changed
 * @throws MusterError metrics.cost for a wrong length, NaN, an infinity of the favourable sign, or forbidden cells that leave
 *   no full assignment.
 */
export function linearAssignment(
  cost: ArrayLike<number>,
  rows: number,
  columns: number,
  { maximise = false }: AssignmentOptions = {},
): Assignment {
  if (
    !Number.isInteger(rows) ||
    !Number.isInteger(columns) ||
    rows < 0 ||
    columns < 0 ||
    cost.length !== rows * columns
  ) {
    throw new MusterError('metrics.cost', `${cost.length} costs do not make a table of ${rows} x ${columns}`);
  }
  const transposed = rows > columns;
  const problem = newProblem(transposed ? columns : rows, transposed ? rows : columns);
  fillCosts(problem, cost, maximise ? -1 : 1, transposed);
  solve(problem);
  const columnOfRow = transposed ? problem.rowOf : problem.columnOf;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const column = columnOfRow[row] ?? -1;
    if (column >= 0) total += cost[row * columns + column] ?? NaN;
  }
  return { columnOfRow, total };
}

function fillCosts(problem: Problem, cost: ArrayLike<number>, sign: number, transposed: boolean): void {
  const { rows, columns, cost: target } = problem;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = sign * (cost[transposed ? column * rows + row : row * columns + column] ?? NaN);
      if (!(value > -Infinity)) refuseCost(sign * value, transposed ? column : row, transposed ? row : column);
      target[row * columns + column] = value;
    }
  }
}

function refuseCost(value: number, row: number, column: number): never {
  throw new MusterError('metrics.cost', `the cost in row ${row}, column ${column} is ${value}`, {
    fix: 'use finite costs, and an infinity of the unfavourable sign only for forbidden cells',
  });
}

function solve(problem: Problem): void {
  const square = problem.rows === problem.columns;
  const free = square ? reduceColumns(problem) : Int32Array.from({ length: problem.rows }, (_, row) => row);
  const left = reduceRows(problem, reduceRows(problem, free));
  if (!augmentRows(problem, left)) {
    throw new MusterError('metrics.cost', 'the forbidden cells leave no full assignment', {
      fix: 'allow more cells',
    });
  }
}
