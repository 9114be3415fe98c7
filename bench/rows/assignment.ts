import { linearAssignment } from '../../packages/muster/src/metrics/index.ts';
import { fromPeer, relativeListDifference } from '../compare.ts';
import type { Row } from '../row.ts';

/** Exact assignment; both sides solve the same tables one after the other. */
function row(size: number, kind: 'gaussian' | 'onehot', tables: number): Row {
  const targets = kind === 'onehot' ? "one-hot targets of 10 groups (MMDC's)" : 'targets at random on the sphere';
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
      const all = fromPeer(peer, 'cost');
      const costs = Array.from({ length: tables }, (_, table) => all.select(0, table).toFloat64Array());
      const solve = (): number[] => costs.map((cost) => linearAssignment(cost, size, size).total);
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
