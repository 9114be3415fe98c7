import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { groupEqualLines } from './equal-lines.ts';
import type { EqualLines, Lines } from './equal-lines.ts';
import { transportAssignment } from './transport-assignment.ts';

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
 * 1679-1696) by leaving the prices of unmatched columns at zero. Where many columns or rows are equal, as with one-hot
 * targets, {@link transportAssignment}.
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
  const columnOfRow =
    assignEqualLines(cost, rows, columns, maximise ? -1 : 1) ?? assignCells(cost, rows, columns, maximise ? -1 : 1);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const column = columnOfRow[row] ?? -1;
    if (column >= 0) total += cost[row * columns + column] ?? NaN;
  }
  return { columnOfRow, total };
}

/** Tables with fewer rows or columns are solved cell by cell: looking for equal ones would not pay. */
const LEAST_LINES = 16;
/** Equal columns (rows) are grouped where there are at least this many to a group on average. */
const LINES_PER_GROUP = 4;

/** The assignment where many columns or many rows are equal, as a transport problem; null where they are not. */
function assignEqualLines(cost: ArrayLike<number>, rows: number, columns: number, sign: number): Int32Array | null {
  if (Math.min(rows, columns) < LEAST_LINES) return null;
  const byColumn: Lines = { values: cost, lines: columns, length: rows, lineStep: 1, entryStep: columns };
  const byRow: Lines = { values: cost, lines: rows, length: columns, lineStep: columns, entryStep: 1 };
  for (const table of [byColumn, byRow]) {
    const equal = groupEqualLines(table, Math.floor(table.lines / LINES_PER_GROUP));
    if (equal === null) continue;
    const lineOfEntry = assignToGroups(table, equal, sign);
    if (table === byColumn) return lineOfEntry;
    const columnOfRow = new Int32Array(rows).fill(-1);
    lineOfEntry.forEach((row, column) => {
      if (row >= 0) columnOfRow[row] = column;
    });
    return columnOfRow;
  }
  return null;
}

/** [length]: the line given to each entry, -1 where entries outnumber lines and it has none. */
function assignToGroups(
  { values, lines, length, lineStep, entryStep }: Lines,
  equal: EqualLines,
  sign: number,
): Int32Array {
  const { groupOf, first } = equal;
  const byColumn = lineStep === 1;
  // Entries without a line are those in a further group that costs nothing.
  const spare = Math.max(0, length - lines);
  const groups = first.length + (spare > 0 ? 1 : 0);
  const grouped = new Float64Array(length * groups);
  for (let entry = 0; entry < length; entry++) {
    first.forEach((line, group) => {
      const value = sign * (values[entry * entryStep + line * lineStep] ?? NaN);
      if (!(value > -Infinity)) refuseCost(sign * value, byColumn ? entry : line, byColumn ? line : entry);
      grouped[entry * groups + group] = value;
    });
  }
  const linesOf = first.map((): number[] => []);
  groupOf.forEach((group, line) => linesOf[group]?.push(line));
  const room = linesOf.map((own) => own.length);
  const { groupOfRow } = transportAssignment(grouped, length, spare > 0 ? [...room, spare] : room);
  return groupOfRow.map((group) => linesOf[group]?.pop() ?? -1);
}

/** The assignment of a table without structure: the engine's operator `linear_assignment`. */
function assignCells(cost: ArrayLike<number>, rows: number, columns: number, sign: number): Int32Array {
  const values = cost instanceof Float64Array && cost.buffer instanceof ArrayBuffer ? cost : new Float64Array(cost);
  const columnOfRow = torch.scope(() => {
    const table = torch.tensor(values, [rows, columns]);
    const columnOf = torch.muster.linearAssignment(sign < 0 ? table.neg() : table);
    return columnOf.to('int32').toTypedArray() as Int32Array;
  });
  let assigned = 0;
  for (const column of columnOfRow) if (column >= 0) assigned++;
  if (assigned < Math.min(rows, columns)) refuseTable(values, columns, sign);
  return columnOfRow;
}

/** Says why a table has no full assignment. */
function refuseTable(cost: Float64Array, columns: number, sign: number): never {
  const bad = cost.findIndex((value) => !(sign * value > -Infinity));
  if (bad >= 0) refuseCost(cost[bad] ?? NaN, Math.floor(bad / columns), bad % columns);
  throw new MusterError('metrics.cost', 'the forbidden cells leave no full assignment', {
    fix: 'allow more cells',
  });
}

function refuseCost(value: number, row: number, column: number): never {
  throw new MusterError('metrics.cost', `the cost in row ${row}, column ${column} is ${value}`, {
    fix: 'use finite costs, and an infinity of the unfavourable sign only for forbidden cells',
  });
}
