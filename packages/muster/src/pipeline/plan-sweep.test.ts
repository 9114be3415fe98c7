import { describe, expect, test } from 'vitest';
import type { SavedRun } from './open-run.ts';
import { planSweep, valueText } from './plan-sweep.ts';

function run(methodId: string | null, options: Readonly<Record<string, unknown>> | null): SavedRun {
  const groups = [1, 2, 3].map((id) => ({ id, name: null, size: 5 }));
  return {
    folder: '/run',
    config: {
      ...{ source: '/images', followLinks: false, split: null, as: null, seed: 7, labels: null, method: 'x', methodId },
      ...{ classes: null, nouns: null, under: null, backbone: { id: 'b', dtype: 'float32' } },
    },
    result: {
      ...{ groups, restarts: 12, method: options === null ? null : { options } },
      assignments: { files: [], groups: [], confidence: null },
    },
  };
}

const tsp = run('tsp', { groups: 3, neighbours: 20, weights: 'gaussian', epochs: 5 });
const tac = run('tac', { groups: 3, gamma: 5, centreCount: null, without: [] });
const plain = run(null, null);

describe('planSweep', () => {
  test('values are read by the schema, numbers put in order, repeats dropped, the run’s own marked', () => {
    const { own, positions, description } = planSweep(tsp, 'neighbours', '50,5, 20,5');
    expect(own).toBe(20);
    expect(description).toContain('nearest others');
    expect(positions.map(({ value, isOwn }) => [value, isOwn])).toEqual([
      [5, false],
      [20, true],
      [50, false],
    ]);
    const plans = positions.map(({ fit }) => fit.plan);
    expect(plans.map((plan) => plan?.set['neighbours'])).toEqual([5, 20, 50]);
    expect(plans.map((plan) => [plan?.groups, plan?.set['epochs']])).toEqual(new Array(3).fill([3, 5]));
  });

  test('the run’s own value joins those that are given, one left to the method does not', () => {
    expect(planSweep(tsp, 'weights', ['hard']).positions.map(({ value }) => value)).toEqual(['gaussian', 'hard']);
    const { own, positions } = planSweep(tac, 'centreCount', '9,30');
    expect(own).toBeNull();
    expect(positions.map(({ value, isOwn }) => [value, isOwn])).toEqual([
      [9, false],
      [30, false],
    ]);
  });

  test('lists are told apart by semicolons', () => {
    const { positions } = planSweep(tac, 'without', 'balance;balance,distillation');
    expect(positions.map(({ value }) => valueText(value))).toEqual(['none', 'balance', 'balance, distillation']);
  });

  test('the number of groups, of a method and of the default way', () => {
    expect(planSweep(tsp, 'groups', '2,3').positions.map(({ fit }) => fit.plan?.groups)).toEqual([2, 3]);
    const { own, positions } = planSweep(plain, 'groups', '10,2');
    expect(own).toBe(3);
    expect(positions.map(({ fit }) => fit)).toEqual([2, 3, 10].map((groups) => ({ plan: null, groups, restarts: 12 })));
    expect(planSweep(plain, 'restarts', '1').positions.map(({ fit }) => fit)).toEqual([
      { plan: null, groups: 3, restarts: 1 },
      { plan: null, groups: 3, restarts: 12 },
    ]);
  });

  test.each([
    [tsp, 'neighbors', '5,10', /tsp has no option neighbors; did you mean neighbours\?/u],
    [tsp, 'neighbours', '5,-1', /neighbours=-1/u],
    [tsp, 'weights', 'hart,gaussian', /weights=hart.*did you mean hard\?/u],
    [tsp, 'neighbours', '20', /at least two values.*neighbours=20,/u],
    [tsp, 'neighbours', ' , ', /at least two values/u],
    [plain, 'neighbours', '5,10', /default way.*neighbours; use one of: groups, restarts/u],
    [plain, 'groups', '5,x', /groups=x is no whole number from 1/u],
    [plain, 'groups', '2.5,5', /groups=2\.5/u],
  ])('%#: %s', (saved, key, values, message) => {
    expect(() => planSweep(saved, key, values)).toThrow(message);
    expect(() => planSweep(saved, key, values)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});
