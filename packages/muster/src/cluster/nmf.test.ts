import { generator, liveTensors, scope, setThreads, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { nmf, nmfFrom } from './nmf.ts';

beforeAll(() => setThreads(1));

const solvers = ['mu', 'cd'] as const;

describe('nmf', () => {
  test.each(solvers)('the error never rises and reaches that of a planted factorisation (%s)', (solver) => {
    const g = generator(1);
    const x = torch
      .rand([40, 3], { generator: g, dtype: 'float64' })
      .mm(torch.rand([3, 12], { generator: g, dtype: 'float64' }));
    const [w, h] = [torch.rand([40, 3], { generator: g }), torch.rand([3, 12], { generator: g })];
    const errors = [0, 1, 2, 5, 20, 2000].map(
      (iterations) => nmfFrom(x, w, h, { solver, iterations, tolerance: null }).error,
    );
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThanOrEqual((errors[i] ?? 0) + 1e-12));
    expect(errors[5]).toBeLessThan(0.01 * (errors[0] ?? 0));
  });

  test.each(solvers)('one round by hand (%s)', (solver) => {
    const x = tensor([[1, 2], [3, 4]], null, { dtype: 'float64' }); // prettier-ignore
    const { w, h } = nmfFrom(x, tensor([[1], [1]]), tensor([[1, 0]]), { solver, iterations: 1, tolerance: null }); // prettier-ignore
    expect(w.toNested()).toEqual([[1], [3]]); // both solvers: W = X h' / (h h')
    const descent = [1, 1.4]; // W' X / (W' W)
    expect(h.toNumbers().map((value) => Number(value.toFixed(12)))).toEqual(solver === 'cd' ? descent : [1, 0]);
  });

  test('a random start: twice the same, float32 kept, nothing left behind', () => {
    const x = torch.rand([50, 8], { generator: generator(2) });
    const fit = (): number[] => scope(() => nmf(x, { k: 3, generator: generator(5) }).w.toNumbers());
    const before = liveTensors();
    expect(fit()).toEqual(fit());
    expect(liveTensors()).toBeLessThanOrEqual(before + 2); // the two generators
    const { w, iterations } = nmf(x, { k: 3, generator: generator(5) });
    expect([w.dtype, w.amin().item() >= 0, iterations < 200]).toEqual(['float32', true, true]);
  });

  test('zeros survive, negative entries and NaN are refused', () => {
    expect(nmf(torch.zeros([6, 4]), { k: 2, generator: generator(1) }).error).toBe(0);
    expect(() => nmf(tensor([[1, -1]]), { k: 1, generator: generator(1) })).toThrow(/negative/);
    expect(() => nmf(tensor([[1, NaN]]), { k: 1, generator: generator(1) })).toThrow(/not finite/);
  });
});
