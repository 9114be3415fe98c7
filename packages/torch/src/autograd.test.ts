import { describe, expect, it } from 'vitest';
import {
  autocast,
  generator,
  grad,
  gradsOf,
  noGrad,
  Parameter,
  rand,
  randn,
  randperm,
  tensor,
  withGrad,
  clearGrads,
  manualSeed,
} from './index.ts';

describe('autograd', () => {
  it('gives gradients of given inputs, also of the second order', () => {
    const x = tensor([2, 3], null, { requiresGrad: true });
    const y = x.pow(3).sum();
    const [first] = grad([y], [x], { createGraph: true });
    expect(first?.toNumbers()).toEqual([12, 27]);
    const [second] = grad([first?.sum() ?? y], [x]);
    expect(second?.toNumbers()).toEqual([12, 18]);
    expect(x.grad).toBeNull();
  });

  it('says what is missing', () => {
    const x = tensor([1], null, { requiresGrad: true });
    const unused = tensor([1], null, { requiresGrad: true });
    expect(() => grad([x.mul(2).sum()], [unused])).toThrow(/not have been used/);
    expect(grad([x.mul(2).sum()], [unused], { allowUnused: true })).toEqual([null]);
    expect(() => tensor([1]).backward()).toThrow(/does not require grad/);
    const y = x.square().sum();
    y.backward();
    expect(() => y.backward()).toThrow(/second time/);
  });

  it('accumulates, reads and clears many gradients at once', () => {
    const parameters = [new Parameter(tensor([1, 1])), new Parameter(tensor([2]))];
    const [a, b] = parameters;
    for (let i = 0; i < 2; i++) a?.mul(3).sum().backward();
    expect(gradsOf(parameters).map((g) => g?.toNumbers() ?? null)).toEqual([[6, 6], null]);
    clearGrads(parameters);
    expect([a?.grad, b?.grad]).toEqual([null, null]);
  });

  it('records nothing in noGrad, restores the mode after an error, and detaches', () => {
    const x = tensor([1], null, { requiresGrad: true });
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(noGrad(() => withGrad(() => x.mul(2))).requiresGrad).toBe(true);
    expect(() => noGrad(() => x.mm(x))).toThrow();
    expect(x.mul(2).requiresGrad).toBe(true);
    expect(x.mul(2).detach().requiresGrad).toBe(false);
  });

  it('computes matrix products in bfloat16 under autocast, forward and back', () => {
    const w = new Parameter(randn([32, 32]));
    const x = randn([8, 32]);
    const y = autocast('bfloat16', () => x.mm(w));
    expect(y.dtype).toBe('bfloat16');
    expect(x.mm(w).dtype).toBe('float32');
    y.square().sum().backward();
    expect(w.grad?.dtype).toBe('float32');
  });
});

describe('generators', () => {
  it('give the same numbers for the same seed, and go on from a saved state', () => {
    const a = generator(7);
    const state = a.state();
    const first = rand([5], { generator: a }).toNumbers();
    expect(rand([5], { generator: generator(7) }).toNumbers()).toEqual(first);
    expect(rand([5], { generator: a }).toNumbers()).not.toEqual(first);
    expect(rand([5], { generator: a.setState(state) }).toNumbers()).toEqual(first);
    expect(randperm(4, { generator: generator(1) }).toNumbers()).toHaveLength(4);
  });

  it("agree with PyTorch's numbers", () => {
    manualSeed(0);
    expect(rand([3]).toTypedArray()).toEqual(Float32Array.of(0.49625659, 0.7682218, 0.08847743));
    expect(randn([2], { generator: generator(0) }).toTypedArray()).toEqual(Float32Array.of(1.54099607, -0.2934289));
  });
});
