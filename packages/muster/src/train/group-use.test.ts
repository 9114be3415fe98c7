import { expect, test } from 'vitest';
import { liveTensors, tensor } from '@muster/torch';
import { effectiveGroups, GroupCounts, isCollapsed } from './group-use.ts';

test('groups in effect: as many equal groups would be used as unevenly', () => {
  expect(effectiveGroups([5, 5, 5])).toBeCloseTo(3, 12);
  expect(effectiveGroups([7, 0, 0])).toBe(1);
  expect(effectiveGroups([0, 0])).toBe(0);
  expect(effectiveGroups([3, 1])).toBeCloseTo(4 / 3 ** 0.75, 12);
});

test('a collapse is one group only, or fewer than a third of those asked for', () => {
  expect([0, 1, 2.9, 3, 9].map((effective) => isCollapsed(effective, 9))).toEqual([true, true, true, false, false]);
  expect([isCollapsed(1, 2), isCollapsed(1.1, 2), isCollapsed(1, 1)]).toEqual([true, false, false]);
});

test('counts are those of all steps since the epoch began', () => {
  const before = liveTensors();
  {
    using counts = new GroupCounts(3, 'cpu');
    using first = tensor(Float32Array.of(1, 2, 0, 5, 1, 1), [2, 3]);
    using second = tensor(Float32Array.of(0, 1, 0), [1, 3]);
    counts.add(first);
    counts.add(second);
    expect(counts.figures().get('figures.groups')?.toNumbers()).toEqual([1, 2, 0]);
    expect(counts.used).toBeCloseTo(effectiveGroups([1, 2]), 12);
    counts.reset();
    expect(counts.used).toBe(0);
  }
  expect(liveTensors()).toBe(before);
});
