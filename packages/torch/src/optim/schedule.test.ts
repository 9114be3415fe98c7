import { describe, expect, it } from 'vitest';
import { cosineEpoch, cosineWarmup, linearThenConstant, step, valueAt } from './index.ts';

const close = (values: readonly number[]): number[] => values.map((value) => expect.closeTo(value, 12) as number);

describe('schedules', () => {
  it('warms up, both ends included, then falls along a cosine', () => {
    const values = cosineWarmup({ base: 1, final: 0, epochs: 4, stepsPerEpoch: 2, warmupEpochs: 2, start: 0.1 });
    const root = Math.SQRT1_2 / 2;
    expect([...values]).toEqual(close([0.1, 0.4, 0.7, 1, 1, 0.5 + root, 0.5, 0.5 - root]));
  });

  it('takes no warm-up, one step of it, and nothing else', () => {
    expect([...cosineWarmup({ base: 1, final: 0, epochs: 2, stepsPerEpoch: 1 })]).toEqual(close([1, 0.5]));
    expect([...cosineWarmup({ base: 1, final: 0, epochs: 2, stepsPerEpoch: 1, warmupEpochs: 1, start: 0.2 })]).toEqual(
      close([0.2, 1]),
    );
    expect([...cosineWarmup({ base: 1, final: 0, epochs: 3, stepsPerEpoch: 1, warmupEpochs: 3 })]).toEqual(
      close([0, 0.5, 1]),
    );
  });

  it('falls in steps, from the milestone on', () => {
    expect([...step({ base: 1, gamma: 0.1, milestones: [0, 2, 2], epochs: 4 })]).toEqual(
      close([0.1, 0.1, 0.001, 0.001]),
    );
  });

  it("follows SCAN's cosine and DINO's temperature", () => {
    expect([...cosineEpoch({ base: 1, rate: 0.5, epochs: 2 })]).toEqual(close([1, 0.125 + 0.875 / 2]));
    expect([...linearThenConstant({ from: 1, to: 2, warmupEpochs: 3, epochs: 5 })]).toEqual(close([1, 1.5, 2, 2, 2]));
    expect([...linearThenConstant({ from: 1, to: 2, warmupEpochs: 1, epochs: 2 })]).toEqual(close([1, 2]));
  });

  it('gives the last value past the end', () => {
    expect([valueAt([1, 2], 0), valueAt([1, 2], 9)]).toEqual([1, 2]);
    expect(() => valueAt([], 0)).toThrow('no value');
  });

  it('takes products that only rounding keeps from being whole', () => {
    expect(Number.isInteger(0.29 * 100)).toBe(false);
    const values = cosineWarmup({ base: 1, final: 0, epochs: 1, stepsPerEpoch: 100, warmupEpochs: 0.29 });
    expect([values.indexOf(1), values.length]).toEqual([28, 100]);
  });

  it('refuses counts that are none, and a warm-up longer than the training', () => {
    expect(() => step({ base: 1, gamma: 1, milestones: [], epochs: 1.5 })).toThrow('natural number');
    expect(() => cosineWarmup({ base: 1, final: 0, epochs: 1, stepsPerEpoch: 2, warmupEpochs: 2 })).toThrow('longer');
  });
});
