import { beforeAll, describe, expect, test } from 'vitest';
import { setThreads } from '@muster/torch';
import { demands, PLANTED_GROUPS } from './conformance.ts';
import { findMethod, methods } from './index.ts';

/** What a method needs to settle on a few hundred rows in a second; `groups` is added where a method takes it. */
const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  dbscan: { radius: 0.5 },
  tsp: { epochs: 30, batch: 40, rate: 1e-2, neighbours: 10 },
  scan: { epochs: 30, batch: 40, rate: 1e-2, neighbours: 10 },
  tac: { epochs: 25, batch: 30, hidden: 32, neighbours: 10, rate: 1e-2 },
};

beforeAll(() => setThreads(1));

describe.each(methods.map((method) => [method.id, method] as const))('%s', (id, method) => {
  const groups = 'groups' in method.options.shape ? { groups: PLANTED_GROUPS } : {};
  const candidate = { method, options: { ...groups, ...settings[id] } };
  for (const demand of demands) {
    if (demand.concerns?.(method) === false) continue;
    test(demand.name, () => demand.run(candidate));
  }
});

test('methods have different names, and an unknown one is refused', () => {
  expect(new Set(methods.map(({ id }) => id)).size).toBe(methods.length);
  expect(() => findMethod('kmeens')).toThrow(/k-means/);
});
