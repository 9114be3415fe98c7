/* Shortest augmenting paths over groups of columns. Indices in the loops stay within the arrays by construction; `as
   number` keeps them free of checks. */
import { MusterError } from '../base/index.ts';

/** Which group each row was given to. */
export interface TransportAssignment {
  /** [rows] */
  readonly groupOfRow: Int32Array;
  /** Sum of the chosen costs. */
  readonly total: number;
}

/**
 * Gives every row to a group at least total cost, no group more rows than it has room for; exact. It is the linear
 * assignment of rows to columns of which many are equal, such as one-hot targets: paths run over the K groups instead of
 * all columns, O(rows (K^2 + rows)) in all. An infinite cost marks a forbidden cell. With ties, one of the best choices.
 * Source: successive shortest paths with node prices, Edmonds and Karp, J. ACM 19 (1972), section 2.
 * @param cost row-major [rows, K]; not changed
 * @param room [K], rows that each group takes at most; rows or more in all
 * @throws MusterError metrics.cost for wrong lengths, NaN, minus infinity, too little room, or forbidden cells that leave
 *   no full assignment
 */
export function transportAssignment(
  cost: ArrayLike<number>,
  rows: number,
  room: ArrayLike<number>,
): TransportAssignment {
  const groups = room.length;
  const copy = Float64Array.from(cost);
  checkTransport(copy, rows, room);
  const problem: Transport = {
    groups,
    cost: copy,
    room: Int32Array.from(room),
    price: new Float64Array(groups),
    groupOf: new Int32Array(rows).fill(-1),
    members: Array.from({ length: groups }, () => []),
    leaving: new Float64Array(groups * groups).fill(Infinity),
    leaver: new Int32Array(groups * groups).fill(-1),
  };
  const search: Search = {
    distance: new Float64Array(groups),
    from: new Int32Array(groups),
    isFinal: new Uint8Array(groups),
  };
  for (let row = 0; row < rows; row++) {
    const end = shortestPath(problem, search, row);
    if (end < 0) {
      throw new MusterError('metrics.cost', 'the forbidden cells leave no full assignment', {
        fix: 'allow more cells',
      });
    }
    augment(problem, search, row, end);
  }
  let total = 0;
  problem.groupOf.forEach((group, row) => (total += copy[row * groups + group] ?? NaN));
  return { groupOfRow: problem.groupOf, total };
}

/**
 * State of the rows given away so far. Every row has, among `cost - price[group]`, the least in its own group; prices
 * are at most zero, and zero in groups with room left.
 */
interface Transport {
  readonly groups: number;
  /** [rows, groups] */
  readonly cost: Float64Array;
  /** [groups] */
  readonly room: Int32Array;
  /** [groups] */
  readonly price: Float64Array;
  /** [rows], -1 for those not given away yet. */
  readonly groupOf: Int32Array;
  /** The rows of each group. */
  readonly members: number[][];
  /** [groups, groups]: of a full group, the least that the cost grows by where one of its rows moves to another group. */
  readonly leaving: Float64Array;
  /** [groups, groups], that row. */
  readonly leaver: Int32Array;
}

interface Search {
  /** [groups], length of the shortest path found to each. */
  readonly distance: Float64Array;
  /** [groups], the group that a path comes from, -1 for the row itself. */
  readonly from: Int32Array;
  /** [groups], 1 where the distance is final. */
  readonly isFinal: Uint8Array;
}

function checkTransport(cost: Float64Array, rows: number, room: ArrayLike<number>): void {
  if (!Number.isInteger(rows) || rows < 0 || cost.length !== rows * room.length) {
    throw new MusterError('metrics.cost', `${cost.length} costs do not make a table of ${rows} x ${room.length}`);
  }
  const bad = cost.findIndex((value) => !(value > -Infinity));
  if (bad >= 0) {
    const row = Math.floor(bad / room.length);
    throw new MusterError('metrics.cost', `the cost in row ${row}, group ${bad % room.length} is ${cost[bad] ?? NaN}`, {
      fix: 'use finite costs, and infinity only for forbidden cells',
    });
  }
  let places = 0;
  for (let group = 0; group < room.length; group++) {
    const own = room[group] ?? NaN;
    if (!Number.isInteger(own) || own < 0) {
      throw new MusterError('metrics.cost', `group ${group} has room for ${own} rows`, { fix: 'pass whole numbers' });
    }
    places += own;
  }
  if (places < rows) {
    throw new MusterError('metrics.cost', `${rows} rows, but room for ${places}`, { fix: 'make more room' });
  }
}

/** Dijkstra's search from a row; ends at the nearest group with room, updates the prices, gives the group or -1. */
function shortestPath({ groups, cost, room, price, members, leaving }: Transport, search: Search, row: number): number {
  const { distance, from, isFinal } = search;
  for (let h = 0; h < groups; h++) {
    distance[h] = (cost[row * groups + h] as number) - (price[h] as number);
    from[h] = -1;
    isFinal[h] = 0;
  }
  for (;;) {
    let g = -1;
    let least = Infinity;
    let hasRoom = false;
    for (let h = 0; h < groups; h++) {
      const d = distance[h] as number;
      if (isFinal[h] === 1 || d > least || d === Infinity) continue;
      const open = (members[h] as number[]).length < (room[h] as number);
      if (d === least && !(open && !hasRoom)) continue;
      [g, least, hasRoom] = [h, d, open];
    }
    if (g < 0) return -1;
    if (hasRoom) {
      for (let h = 0; h < groups; h++) {
        if (isFinal[h] === 1) price[h] = (price[h] as number) + (distance[h] as number) - least;
      }
      return g;
    }
    isFinal[g] = 1;
    const offset = least + (price[g] as number);
    for (let h = 0; h < groups; h++) {
      if (isFinal[h] === 1) continue;
      const length = offset + (leaving[g * groups + h] as number) - (price[h] as number);
      if (length < (distance[h] as number)) {
        distance[h] = length;
        from[h] = g;
      }
    }
  }
}

/** Moves one row along every step of the path, from its end back to the new row. */
function augment(problem: Transport, { from }: Search, row: number, end: number): void {
  const { groups, groupOf, members, room, leaver } = problem;
  let h = end;
  let left = -1;
  for (;;) {
    const g = from[h] as number;
    const moved = g < 0 ? row : (leaver[g * groups + h] as number);
    const own = members[h] as number[];
    groupOf[moved] = h;
    if (h !== end) {
      own[own.indexOf(left)] = moved;
      exchange(problem, h, left, moved);
    } else {
      own.push(moved);
      if (own.length === room[h]) for (let other = 0; other < groups; other++) rescan(problem, h, other);
    }
    if (g < 0) return;
    left = moved;
    h = g;
  }
}

/** Brings a full group's cheapest moves up to date after one row left and another came. */
function exchange(problem: Transport, g: number, left: number, came: number): void {
  const { groups, cost, leaving, leaver } = problem;
  const base = came * groups;
  const own = cost[base + g] as number;
  for (let h = 0; h < groups; h++) {
    const cell = g * groups + h;
    if (leaver[cell] === left) {
      rescan(problem, g, h);
      continue;
    }
    const change = (cost[base + h] as number) - own;
    if (change < (leaving[cell] as number)) {
      leaving[cell] = change;
      leaver[cell] = came;
    }
  }
}

function rescan({ groups, cost, members, leaving, leaver }: Transport, g: number, h: number): void {
  let least = Infinity;
  let who = -1;
  for (const row of members[g] as number[]) {
    const change = (cost[row * groups + h] as number) - (cost[row * groups + g] as number);
    if (change < least) {
      least = change;
      who = row;
    }
  }
  leaving[g * groups + h] = least;
  leaver[g * groups + h] = who;
}
