import { describe, expect, it } from 'vitest';
import { Random } from '../base/index.ts';
import { linearAssignment, transportAssignment } from './index.ts';

/** Repeats each column as often as its group has room: [rows, sum of room]. */
function spreadOut(cost: Float64Array, rows: number, room: readonly number[]): { cost: Float64Array; columns: number } {
  const groupOf = room.flatMap((own, group) => Array<number>(own).fill(group));
  const columns = groupOf.length;
  const wide = Float64Array.from(
    { length: rows * columns },
    (_, at) => cost[Math.floor(at / columns) * room.length + (groupOf[at % columns] ?? NaN)] ?? NaN,
  );
  return { cost: wide, columns };
}

/** The general solver on the spread-out table: a change that separates equal columns keeps it from grouping them. */
function withoutGroups(cost: Float64Array, rows: number, room: readonly number[]): number {
  const { cost: wide, columns } = spreadOut(cost, rows, room);
  const tilted = wide.map((value, at) => value + (at % columns) * 1e-11);
  return linearAssignment(tilted, rows, columns).total;
}

describe('transportAssignment', () => {
  it('has the total of the linear assignment, on real and tied costs, with and without room to spare', () => {
    const random = new Random(1);
    for (let round = 0; round < 300; round++) {
      const room = Array.from({ length: 1 + random.below(6) }, () => random.below(9));
      const places = room.reduce((sum, own) => sum + own, 0);
      const rows = Math.max(0, places - (round % 3 === 0 ? random.below(4) : 0));
      const cost = Float64Array.from({ length: rows * room.length }, () =>
        round % 2 === 0 ? random.below(4) : random.normal(),
      );
      const { groupOfRow, total } = transportAssignment(cost, rows, room);
      const counts = room.map((_, group) => groupOfRow.filter((own) => own === group).length);
      counts.forEach((count, group) => expect(count).toBeLessThanOrEqual(room[group] ?? NaN));
      expect(groupOfRow.every((group) => group >= 0)).toBe(true);
      expect(total).toBeCloseTo(withoutGroups(cost, rows, room), 7);
    }
  });

  it('equals the general solver on outputs near one another against one-hot targets', () => {
    const random = new Random(2);
    const [rows, groups] = [128, 10];
    const room = [20, 5, 13, 13, 13, 13, 13, 13, 13, 12];
    const shared = Float64Array.from({ length: groups }, () => random.normal());
    const cost = Float64Array.from(
      { length: rows * groups },
      (_, at) => (shared[at % groups] ?? 0) + 0.05 * random.normal(),
    );
    expect(transportAssignment(cost, rows, room).total).toBeCloseTo(withoutGroups(cost, rows, room), 6);
  });

  it('respects forbidden cells, and says where they leave no assignment', () => {
    const random = new Random(3);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const room = [2, 1, 3];
      const cost = Float64Array.from({ length: 18 }, () => (random.below(5) < 2 ? Infinity : random.below(9)));
      let want = NaN;
      try {
        want = withoutGroups(cost, 6, room);
      } catch {
        refused++;
        expect(() => transportAssignment(cost, 6, room)).toThrow(/no full assignment/);
        continue;
      }
      expect(transportAssignment(cost, 6, room).total).toBeCloseTo(want, 7);
    }
    expect(refused).toBeGreaterThan(30);
    expect(refused).toBeLessThan(270);
  });

  it('refuses wrong lengths, NaN, minus infinity, odd rooms and too little room', () => {
    expect(() => transportAssignment([1, 2, 3], 2, [1, 1])).toThrow('3 costs do not make a table of 2 x 2');
    expect(() => transportAssignment([1, NaN], 1, [1, 1])).toThrow('the cost in row 0, group 1 is NaN');
    expect(() => transportAssignment([-Infinity, 1], 1, [1, 1])).toThrow('the cost in row 0, group 0 is -Infinity');
    expect(() => transportAssignment([1, 2], 2, [1])).toThrow('2 rows, but room for 1');
    expect(() => transportAssignment([1, 2], 1, [1, -1])).toThrow('group 1 has room for -1 rows');
    expect(transportAssignment([], 0, [])).toEqual({ groupOfRow: new Int32Array(0), total: 0 });
  });
});

describe('linearAssignment of tables with equal columns or rows', () => {
  it.each([
    [40, 40],
    [30, 40],
    [50, 40],
  ])('%d rows, %d columns: as without grouping, either way round', (rows, columns) => {
    const random = new Random(rows);
    for (let round = 0; round < 12; round++) {
      const maximise = round % 2 === 1;
      const groups = Array.from({ length: columns }, () => random.below(5));
      const small = Float64Array.from({ length: rows * 5 }, () =>
        round % 3 === 0 ? random.below(3) : random.normal(),
      );
      const cost = Float64Array.from(
        { length: rows * columns },
        (_, at) => small[Math.floor(at / columns) * 5 + (groups[at % columns] ?? NaN)] ?? NaN,
      );
      const turned = Float64Array.from(cost, (_, at) => cost[(at % rows) * columns + Math.floor(at / rows)] ?? NaN);
      const tilted = cost.map((value, at) => value + (at % columns) * 1e-11);
      const want = linearAssignment(tilted, rows, columns, { maximise }).total;
      for (const [table, r, c] of [
        [cost, rows, columns],
        [turned, columns, rows],
      ] as const) {
        const { columnOfRow, total } = linearAssignment(table, r, c, { maximise });
        const chosen = [...columnOfRow].filter((column) => column >= 0);
        expect(new Set(chosen).size).toBe(Math.min(r, c));
        expect(chosen).toHaveLength(Math.min(r, c));
        expect(total).toBeCloseTo(want, 6);
      }
    }
  });

  it('names the cell that is no cost, and finds no assignment where there is none', () => {
    const cost = new Float64Array(400).fill(1);
    expect(() => linearAssignment(cost.with(45, NaN), 20, 20)).toThrow('the cost in row 2, column 5 is NaN');
    expect(() => linearAssignment(cost.with(45, -Infinity), 20, 20)).toThrow(
      'the cost in row 2, column 5 is -Infinity',
    );
    const barred = cost.map((value, at) => (Math.floor(at / 20) < 11 && at % 20 < 10 ? Infinity : value));
    expect(() => linearAssignment(barred, 20, 20)).toThrow('no full assignment');
    const tight = cost.map((value, at) => (Math.floor(at / 20) < 10 && at % 20 < 10 ? Infinity : value));
    expect(linearAssignment(tight, 20, 20).total).toBe(20);
  });
});
