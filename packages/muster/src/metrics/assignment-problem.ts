/**
 * State of a linear assignment being solved, rows <= columns. Invariants between the stages: every reduced cost
 * `cost - price[column]` of an assigned cell is the least of its row; prices are at most zero, and zero in columns
 * without a row (square problems excepted, where every column ends with one).
 */
export interface Problem {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], +Infinity where forbidden. */
  readonly cost: Float64Array;
  /** [columns], the dual variables of the columns. */
  readonly price: Float64Array;
  /** [rows], the column of each row, or -1. */
  readonly columnOf: Int32Array;
  /** [columns], the row of each column, or -1. */
  readonly rowOf: Int32Array;
}

/** A problem with nothing assigned and all costs and prices zero. */
export function newProblem(rows: number, columns: number): Problem {
  return {
    rows,
    columns,
    cost: new Float64Array(rows * columns),
    price: new Float64Array(columns),
    columnOf: new Int32Array(rows).fill(-1),
    rowOf: new Int32Array(columns).fill(-1),
  };
}
