import { describe, expect, test } from 'vitest';
import { methods } from '../methods/index.ts';
import { pretrainings } from '../pretraining/index.ts';
import { listMethods } from './list-methods.ts';
import { planMethod, wholeOptions } from './plan-method.ts';

describe('planMethod', () => {
  test('texts become what the schema wants, the rest its defaults', () => {
    const plan = planMethod({
      method: 'tac',
      set: { without: 'distillation,balance', epochs: '3', order: 'text-image' },
      groups: 4,
    });
    expect(plan).toMatchObject({ takesGroups: true, groups: 4 });
    expect(plan.set).toEqual({ without: ['distillation', 'balance'], epochs: 3, order: 'text-image' });
    expect(wholeOptions(plan, 4)).toMatchObject({ groups: 4, epochs: 3, gamma: 5 });
    expect(planMethod({ method: 'k-means', set: { restarts: 'null', components: '16' } }).set).toEqual({
      restarts: null,
      components: 16,
    });
    expect(planMethod({ method: 'tsp', set: { bias: 'false' } }).set).toEqual({ bias: false });
  });

  test('the number of groups may come from either place, but not from both', () => {
    expect(planMethod({ method: 'tsp', set: { groups: '7' } })).toMatchObject({ groups: 7, set: {} });
    expect(planMethod({ method: 'tsp', set: {} }).groups).toBeUndefined();
    expect(() => planMethod({ method: 'tsp', set: { groups: 7 }, groups: 6 })).toThrow(/-k says 6/u);
    expect(() => planMethod({ method: 'dbscan', set: {}, groups: 6 })).toThrow(/leave -k out/u);
  });

  test('starts and class names go where they are known', () => {
    expect(planMethod({ method: 'k-means', set: {}, restarts: 5 }).set).toEqual({ restarts: 5 });
    expect(() => planMethod({ method: 'scan', set: {}, restarts: 5 })).toThrow(/leave it out/u);
    expect(planMethod({ method: 'tac', set: {}, classes: ['dog'] }).set).toEqual({ classNames: true });
    expect(planMethod({ method: 'tac', set: { classNames: false }, classes: ['dog'] }).set).toEqual({
      classNames: false,
    });
    expect(() => planMethod({ method: 'tac', set: { classNames: true } })).toThrow(/--classes cat,dog/u);
    expect(() => planMethod({ method: 'zero-shot', set: {} })).toThrow(/--classes cat,dog/u);
    expect(() => planMethod({ method: 'tsp', set: {}, classes: ['dog'] })).toThrow(/leave --classes out/u);
  });

  test.each([
    ['tspp', {}, 'methods.unknown', 'There is no method tspp; did you mean tsp?'],
    [
      'tsp',
      { neighbors: '3' },
      'method.options',
      '--method tsp: there is no option neighbors; did you mean neighbours?',
    ],
    ['tsp', { weights: 'hrd' }, 'method.options', /weights=hrd: .*; did you mean hard\?$/u],
    ['tsp', { neighbours: 'many' }, 'method.options', /neighbours=many: .*number.*; see muster methods tsp$/u],
    ['tsp', { __proto__: 1, constructor: '1' }, 'method.options', /no option constructor/u],
  ] as const)('%s %j is refused on one line with what to do', (method, set, code, message) => {
    const refused = (): unknown => planMethod({ method, set });
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ code, exitCode: 2, message: expect.not.stringContaining('\n') }));
  });
});

describe('listMethods', () => {
  test('has every registered method with its paper, and every option with what it takes', () => {
    const listed = listMethods();
    expect(listed.map(({ id }) => id)).toEqual([...methods, ...pretrainings].map(({ id }) => id));
    for (const { paper, cost, options } of listed) {
      expect(paper.length * cost.length).toBeGreaterThan(0);
      expect(options.filter(({ takes }) => takes === '' || takes.includes('any'))).toEqual([]);
    }
    expect(new Set(listed.map(({ gives }) => gives)).size).toBe(4);
  });

  test('tells bounds, choices, nulls and defaults', () => {
    const option = (id: string, name: string): unknown => listMethods(id)[0]?.options.find((one) => one.name === name);
    expect(option('tsp', 'neighbours')).toMatchObject({
      takes: 'whole number, at least 1, at most 1000',
      default: '20',
    });
    expect(option('tsp', 'weights')).toMatchObject({ takes: 'gaussian or hard', default: 'gaussian' });
    expect(option('tac', 'centreCount')).toMatchObject({ takes: 'whole number, at least 1, or null', default: 'null' });
    expect(option('tac', 'groups')).toMatchObject({ default: null });
  });
});
