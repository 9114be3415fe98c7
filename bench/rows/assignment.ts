import { linearAssignment, transportAssignment } from '../../packages/muster/src/metrics/index.ts';
import { fromPeer, relativeListDifference } from '../compare.ts';
import type { Context, Row } from '../row.ts';

const GROUPS = 10;

/** Tables of MMDC's targets as it solves them: costs by component, and how many images of the batch hold each. */
function transports(peer: Context, size: number): (() => number)[] {
  const components = fromPeer(peer, 'components').toNumbers();
  const toMeans = fromPeer(peer, 'toMeans').toFloat64Array(); // (tables, size, GROUPS)
  return Array.from({ length: components.length / size }, (_, table) => {
    const room = new Int32Array(GROUPS);
    for (const component of components.slice(table * size, (table + 1) * size))
      room[component] = (room[component] ?? 0) + 1;
    const cost = toMeans.subarray(table * size * GROUPS, (table + 1) * size * GROUPS);
    return () => transportAssignment(cost, size, room).total;
  });
}

function assignments(peer: Context, size: number): (() => number)[] {
  const all = fromPeer(peer, 'cost').toFloat64Array();
  return Array.from({ length: all.length / size ** 2 }, (_, table) => {
    const cost = all.subarray(table * size ** 2, (table + 1) * size ** 2);
    return () => linearAssignment(cost, size, size).total;
  });
}

/** Exact assignment; both sides solve the same tables one after the other. */
function row(size: number, kind: 'gaussian' | 'onehot', tables: number): Row {
  const targets = kind === 'onehot' ? 'one-hot targets of 10 groups (ours: as transport)' : 'targets on the sphere';
  return {
    name: `assignment-${size}-${kind}`,
    work: `linear assignment ${size} x ${size}, ${targets}, ${tables} tables`,
    goals: { amd26: 0.5, amd25: 0.5, intel: 0.5 },
    peer: {
      title: 'SciPy linear_sum_assignment',
      program: 'assignment.py',
      arguments: [String(size), kind, String(tables)],
    },
    prepare: (peer) => {
      const solvers = kind === 'onehot' ? transports(peer, size) : assignments(peer, size);
      const solve = (): number[] => solvers.map((solver) => solver());
      const expected = fromPeer(peer, 'totals').toNumbers();
      return {
        checks: [relativeListDifference('least totals', solve(), expected, 1e-9)],
        run: () => void solve(),
      };
    },
  };
}

/** MMDC's matching of a batch. */
export const assignmentRows: readonly Row[] = [
  row(128, 'gaussian', 50),
  row(128, 'onehot', 50),
  row(512, 'gaussian', 10),
  row(512, 'onehot', 10),
];
