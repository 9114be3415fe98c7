import { describe, expect, it } from 'vitest';
import { Parameter, TorchError, generator, liveTensors, ones, randn, scope, tensor } from '../index.ts';
import type { Tensor } from '../index.ts';
import { Linear } from '../nn/index.ts';
import { Adam, AdamW, SGD } from './index.ts';
import type { Optimizer } from './index.ts';

/** The rule of one step for one number; returns the new number and changes the memory. */
type Rule = (p: number, g: number, step: number, memory: { m: number; v: number }) => number;

const sgdRule =
  (lr: number, momentum: number, dampening: number, nesterov: boolean, decay: number): Rule =>
  (p, g, step, memory) => {
    const d = g + decay * p;
    if (momentum === 0) return p - lr * d;
    memory.m = step === 1 ? d : momentum * memory.m + (1 - dampening) * d;
    return p - lr * (nesterov ? d + momentum * memory.m : memory.m);
  };

const adamRule =
  (lr: number, [beta1, beta2]: readonly [number, number], eps: number, decay: number, decoupled: boolean): Rule =>
  (p, g, step, memory) => {
    const d = decoupled ? g : g + decay * p;
    const start = decoupled ? p * (1 - lr * decay) : p;
    memory.m = beta1 * memory.m + (1 - beta1) * d;
    memory.v = beta2 * memory.v + (1 - beta2) * d * d;
    const root = Math.sqrt(memory.v) / Math.sqrt(1 - beta2 ** step);
    return start - ((lr / (1 - beta1 ** step)) * memory.m) / (root + eps);
  };

const STEPS = 6;
const SIZE = 40;

/** Largest difference between an optimiser and its rule over some steps in float64. */
function difference(make: (parameters: Tensor[]) => Optimizer, rule: Rule): number {
  return scope(() => {
    const g = generator(5);
    const parameter = new Parameter(randn([SIZE], { dtype: 'float64', generator: g }));
    const values = parameter.toNumbers();
    const memories = values.map(() => ({ m: 0, v: 0 }));
    using optimizer = make([parameter]);
    for (let step = 1; step <= STEPS; step += 1) {
      const gradient = randn([SIZE], { dtype: 'float64', generator: g });
      parameter.grad = gradient;
      optimizer.step();
      gradient.toNumbers().forEach((d, i) => {
        const memory = memories[i];
        if (memory !== undefined) values[i] = rule(values[i] ?? Number.NaN, d, step, memory);
      });
    }
    return Math.max(...parameter.toNumbers().map((value, i) => Math.abs(value - (values[i] ?? Number.NaN))));
  });
}

describe('optimisers follow their rules', () => {
  it.each([
    [0, 0, false, 0],
    [0, 0, false, 0.1],
    [0.9, 0, false, 0],
    [0.9, 0, true, 0.01],
    [0.8, 0.3, false, 0.01],
  ])('SGD, momentum %d, dampening %d, nesterov %s, decay %d', (momentum, dampening, nesterov, weightDecay) => {
    const make = (parameters: Tensor[]): SGD =>
      new SGD(parameters, { lr: 0.1, momentum, dampening, nesterov, weightDecay });
    expect(difference(make, sgdRule(0.1, momentum, dampening, nesterov, weightDecay))).toBeLessThan(1e-12);
  });

  it.each([
    [[0.9, 0.999], 1e-8, 0],
    [[0.9, 0.99], 1e-3, 0.1],
    [[0, 0.5], 1e-8, 0.1],
  ] as const)('Adam and AdamW, betas %j, eps %d, decay %d', (betas, eps, weightDecay) => {
    const options = { lr: 0.05, betas, eps, weightDecay };
    expect(difference((p) => new Adam(p, options), adamRule(0.05, betas, eps, weightDecay, false))).toBeLessThan(1e-12);
    expect(difference((p) => new AdamW(p, options), adamRule(0.05, betas, eps, weightDecay, true))).toBeLessThan(1e-12);
  });
});

describe('Optimizer', () => {
  it('gives groups their own settings, and all of them a new rate', () => {
    scope(() => {
      const [a, b] = [new Parameter(tensor([1])), new Parameter(tensor([1]))];
      const optimizer = new SGD(
        [
          { parameters: [a], lr: 1 },
          { parameters: [b], weightDecay: 0.5 },
        ],
        { lr: 0.1 },
      );
      for (const parameter of [a, b]) parameter.grad = tensor([1]);
      optimizer.step();
      expect(a.item()).toBeCloseTo(0, 6);
      expect(b.item()).toBeCloseTo(1 - 0.1 * 1.5, 6);
      optimizer.lr = 2;
      expect(optimizer.groups.map((group) => [group.lr, group.weightDecay])).toEqual([
        [2, 0],
        [2, 0.5],
      ]);
      optimizer.zeroGrad();
      expect([a.grad, b.grad]).toEqual([null, null]);
    });
  });

  it('leaves parameters without gradient alone; one that joins late makes its first step then', () => {
    scope(() => {
      const [a, b] = [new Parameter(tensor([1])), new Parameter(tensor([1]))];
      const optimizer = new SGD([a, b], { lr: 0.1, momentum: 0.9, dampening: 0.9 });
      a.grad = tensor([1]);
      optimizer.step();
      expect([a.item(), b.item()]).toEqual([expect.closeTo(0.9, 6), 1]);
      expect([...optimizer.state().keys()].sort()).toEqual([
        '0.momentum_buffer',
        '0.started',
        '1.momentum_buffer',
        '1.started',
      ]);
      b.grad = tensor([1]);
      optimizer.step();
      expect(b.item()).toBeCloseTo(0.9, 6);
      expect(a.item()).toBeCloseTo(0.8, 6);
    });
  });

  it('handles mixed dtypes, and gradients in another memory layout', () => {
    scope(() => {
      const wide = new Parameter(ones([2, 3], { dtype: 'float64' }));
      const image = new Parameter(ones([1, 2, 2, 2]).contiguous({ memoryFormat: 'channelsLast' }));
      const optimizer = new Adam([wide, image], { lr: 1 });
      const gradient = tensor(
        [
          [1, 0, 1],
          [0, 1, 0],
        ],
        null,
        { dtype: 'float64' },
      );
      wide.grad = gradient.t().contiguous().t();
      image.grad = tensor([
        [
          [
            [1, 0],
            [0, 0],
          ],
          [
            [0, 0],
            [0, 1],
          ],
        ],
      ]);
      optimizer.step();
      const moved = (t: Tensor): unknown => t.lt(0.5).to('float32').toNested();
      expect(moved(wide)).toEqual([
        [1, 0, 1],
        [0, 1, 0],
      ]);
      expect(moved(image)).toEqual([
        [
          [
            [1, 0],
            [0, 0],
          ],
          [
            [0, 0],
            [0, 1],
          ],
        ],
      ]);
    });
  });

  it.each([
    ['SGD', (p: Tensor[]): Optimizer => new SGD(p, { lr: 0.1, momentum: 0.9 })],
    ['SGD with dampening', (p: Tensor[]): Optimizer => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5 })],
    ['Adam', (p: Tensor[]): Optimizer => new Adam(p, { lr: 0.1 })],
    ['AdamW', (p: Tensor[]): Optimizer => new AdamW(p, { lr: 0.1, weightDecay: 0.1 })],
  ])('%s goes on from a saved state as if it had not stopped', (_, make) => {
    scope(() => {
      const g = generator(3);
      const start = randn([7], { generator: g });
      const gradients = randn([6, 7], { generator: g });
      const run = (parameter: Parameter, optimizer: Optimizer, from: number, to: number): void => {
        for (let i = from; i < to; i += 1) {
          parameter.grad = gradients.select(0, i).clone();
          optimizer.step();
        }
      };
      const whole = new Parameter(start.clone());
      run(whole, make([whole]), 0, 6);
      const first = new Parameter(start.clone());
      const before = make([first]);
      run(first, before, 0, 3);
      const resumed = new Parameter(first.detach().clone());
      const after = make([resumed]);
      after.loadState(before.state());
      run(resumed, after, 3, 6);
      expect(resumed.toNumbers()).toEqual(whole.toNumbers());
    });
  });

  it('SGD has its whole state before the first step, and a copied one changes nothing', () => {
    scope(() => {
      const make = (dampening: number): [Parameter, SGD] => {
        const parameter = new Parameter(tensor([1, -2]));
        return [parameter, new SGD([parameter], { lr: 0.1, momentum: 0.9, dampening })];
      };
      for (const dampening of [0, 0.5]) {
        const [[plain, one], [copied, other]] = [make(dampening), make(dampening)];
        other.loadState(new Map([...one.state()].map(([name, value]) => [name, value.clone()])));
        for (let step = 0; step < 3; step++) {
          for (const [parameter, optimizer] of [[plain, one] as const, [copied, other] as const]) {
            parameter.grad = tensor([0.5, step]);
            optimizer.step();
          }
        }
        expect(copied.toNumbers()).toEqual(plain.toNumbers());
      }
    });
  });

  it('refuses a state of another optimiser before changing anything', () => {
    scope(() => {
      const parameter = new Parameter(tensor([1, 2]));
      const adam = new Adam([parameter], { lr: 0.1 });
      expect(() => adam.loadState(new Map())).toThrow('3 missing');
      expect(() => adam.loadState(new Map([...adam.state(), ['0.step', ones([2])]]))).toThrow(
        '0.step: float32[2] for float32[]',
      );
      expect(() => adam.loadState(new Map([...adam.state(), ['1.step', ones([])]]))).toThrow('1 unknown');
      const sgd = new SGD([parameter], { lr: 0.1, momentum: 0.9 });
      expect(() => sgd.loadState(adam.state())).toThrow('unknown');
    });
  });

  it('refuses wrong parameters and settings', () => {
    scope(() => {
      const parameter = new Parameter(tensor([1]));
      expect(() => new SGD([], { lr: 0.1 })).toThrow('no parameters');
      expect(() => new SGD([parameter, parameter], { lr: 0.1 })).toThrow('twice');
      expect(() => new SGD([parameter.mul(2)], { lr: 0.1 })).toThrow('only leaves');
      expect(() => new Adam([parameter], { lr: 0.1, betas: [1, 0.9] })).toThrow('betas');
      const optimizer = new SGD([parameter], { lr: Number.NaN });
      expect(() => optimizer.step()).toThrow(TorchError);
    });
  });

  it('trains a layer in scopes without leaving tensors behind', () => {
    const empty = liveTensors();
    {
      using random = generator(1);
      using linear = new Linear(4, 1, { generator: random });
      using optimizer = new AdamW(linear.parameters(), { lr: 0.05 });
      using x = randn([64, 4], { generator: random });
      const step = (): number =>
        scope(() => {
          optimizer.zeroGrad();
          const loss = linear
            .forward(x)
            .sub(x.sum([1], true))
            .square()
            .mean();
          loss.backward();
          optimizer.step();
          return loss.item();
        });
      const first = step();
      const before = liveTensors();
      let last = first;
      for (let i = 0; i < 200; i += 1) last = step();
      expect(last).toBeLessThan(first / 100);
      expect(liveTensors()).toBe(before);
    }
    expect(liveTensors()).toBe(empty);
  });
});
