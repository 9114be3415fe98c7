import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import { Parameter, TorchError, full, liveTensors, ones, scope, tensor, zeros } from '../index.ts';
import { BatchNorm2d, Conv2d, Linear, Module, ModuleList, ReLU, Sequential, snakeCase } from './index.ts';
import type { Layer } from './index.ts';

class Part extends Module {
  readonly kind = 'part';
  norm: BatchNorm2d;
  clsToken = new Parameter(zeros([1, 1, 4], { dtype: 'float32' }));
  nothing: Parameter | null = null;
  blocks = new ModuleList<Layer>([new Linear(2, 3), new Sequential(new ReLU(), new Linear(3, 1, { bias: false }))]);

  constructor() {
    super();
    this.norm = new BatchNorm2d(3);
  }
}

const NAMES = [
  'cls_token',
  'blocks.0.weight',
  'blocks.0.bias',
  'blocks.1.1.weight',
  'norm.weight',
  'norm.bias',
  'norm.running_mean',
  'norm.running_var',
  'norm.num_batches_tracked',
];

function thrownBy(run: () => unknown): TorchError {
  try {
    run();
  } catch (error) {
    if (error instanceof TorchError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('snakeCase', () => {
  it.each([
    ['runningMean', 'running_mean'],
    ['numBatchesTracked', 'num_batches_tracked'],
    ['patchEmbed', 'patch_embed'],
    ['qProj', 'q_proj'],
    ['conv1', 'conv1'],
    ['fc1', 'fc1'],
    ['convPwl', 'conv_pwl'],
  ])('%s is %s', (property, name) => expect(snakeCase(property)).toBe(name));
});

describe('Module', () => {
  it('names parameters, buffers and children as PyTorch does', () => {
    using part = new Part();
    expect(new Set(part.stateDict().keys())).toEqual(new Set(NAMES));
    expect([...part.namedBuffers().keys()]).toEqual([
      'norm.running_mean',
      'norm.running_var',
      'norm.num_batches_tracked',
    ]);
    expect(part.parameters()).toHaveLength(6);
    expect(new Set(part.namedModules().keys())).toEqual(
      new Set(['', 'norm', 'blocks', 'blocks.0', 'blocks.1', 'blocks.1.0', 'blocks.1.1']),
    );
    expect([...part.namedChildren().keys()].sort()).toEqual(['blocks', 'norm']);
  });

  it('counts a shared module once among parameters and in every place of the state', () => {
    using shared = new Linear(2, 2);
    const twice = new Sequential(shared, new ReLU(), shared);
    expect([...twice.namedParameters().keys()]).toEqual(['0.weight', '0.bias']);
    expect([...twice.stateDict().keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  });

  it('switches training here and below', () => {
    using part = new Part();
    expect(part.eval().norm.training).toBe(false);
    expect(part.train().norm.training).toBe(true);
  });

  it('frees everything with dispose', () => {
    const before = liveTensors();
    const part = new Part();
    expect(liveTensors()).toBeGreaterThan(before);
    part.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('moves to another dtype and layout, integer buffers and requiresGrad kept, shared tensors shared', () => {
    const before = liveTensors();
    using shared = new Conv2d(2, 2, 3);
    const network = new Sequential(shared, new BatchNorm2d(2), shared);
    shared.bias?.requiresGrad_(false);
    const count = liveTensors();
    network.to({ dtype: 'float64', memoryFormat: 'channelsLast' });
    expect(liveTensors()).toBe(count);
    expect(shared.weight.dtype).toBe('float64');
    expect(shared.weight.strides).toEqual([18, 1, 6, 2]);
    expect(shared.weight).toBeInstanceOf(Parameter);
    expect(shared.weight.requiresGrad).toBe(true);
    expect(shared.bias?.requiresGrad).toBe(false);
    expect(network.stateDict().get('1.num_batches_tracked')?.dtype).toBe('int64');
    expect(network.parameters()).toHaveLength(4);
    network.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('switches gradients for all parameters', () => {
    using part = new Part();
    part.requiresGrad_(false);
    expect(part.parameters().map((parameter) => parameter.requiresGrad)).toEqual(new Array(6).fill(false));
  });
});

describe('loadStateDict', () => {
  it('copies values into the same tensors, widening float16, without a leak', () => {
    using linear = new Linear(2, 1);
    const { weight } = linear;
    const before = liveTensors();
    scope(() =>
      linear.loadStateDict(
        new Map([
          ['weight', tensor([[1, 2]]).to('float16')],
          ['bias', tensor([3])],
        ]),
      ),
    );
    expect(linear.weight).toBe(weight);
    expect([weight.dtype, weight.toNested(), linear.bias?.toNested(), weight.requiresGrad]).toEqual([
      'float32',
      [[1, 2]],
      [3],
      true,
    ]);
    expect(liveTensors()).toBe(before);
  });

  it('lists what is missing, unexpected and mismatched, ten of each, and copies nothing', () => {
    using part = new Part();
    const error = scope(() => {
      const state = new Map<string, Tensor>(Array.from({ length: 12 }, (_, i) => [`extra${i}`, zeros([1])]));
      state.set('cls_token', ones([1, 1, 5]));
      state.set('norm.weight', ones([3], { dtype: 'int64' }));
      state.set('norm.bias', full([3], 9, { dtype: 'float32' }));
      return thrownBy(() => part.loadStateDict(state));
    });
    expect(error.code).toBe('E_ARG');
    expect(error.message).toContain('5 missing: norm.running_mean, ');
    expect(error.message).toContain('12 unexpected: extra0');
    expect(error.message).toContain('extra9, and 2 more');
    expect(error.message).toContain('cls_token (float32[1, 1, 5] for float32[1, 1, 4])');
    expect(error.message).toContain('norm.weight (int64[3] for float32[3])');
    expect(error.message).not.toContain('num_batches_tracked');
    expect(part.norm.bias?.toNumbers()).toEqual([0, 0, 0]);
  });

  it('leaves names aside if not strict, but never shapes', () => {
    using linear = new Linear(1, 1);
    scope(() => {
      linear.loadStateDict(
        new Map([
          ['weight', tensor([[5]])],
          ['other', zeros([2])],
        ]),
        { strict: false },
      );
      expect(linear.weight.item()).toBe(5);
      expect(() => linear.loadStateDict(new Map([['weight', zeros([2, 1])]]), { strict: false })).toThrow(
        '1 mismatched',
      );
    });
  });

  it('renames and leaves out', () => {
    using linear = new Linear(1, 1);
    scope(() => {
      const state = new Map([
        ['module.weight', tensor([[5]])],
        ['module.bias', tensor([6])],
        ['head', zeros([2])],
      ]);
      linear.loadStateDict(state, { rename: (name) => (name === 'head' ? null : name.replace('module.', '')) });
      expect([linear.weight.item(), linear.bias?.item()]).toEqual([5, 6]);
      expect(() => linear.loadStateDict(state, { rename: () => 'weight' })).toThrow('two entries');
    });
  });

  it('refuses values that are not finite, with names and counts, unless told to', () => {
    using linear = new Linear(2, 1);
    scope(() => {
      const state = new Map([
        ['weight', tensor([[Number.NaN, Number.POSITIVE_INFINITY]])],
        ['bias', tensor([3])],
      ]);
      expect(() => linear.loadStateDict(state)).toThrow('not finite: weight (2 of 2)');
      expect(linear.bias?.item()).not.toBe(3);
      linear.loadStateDict(state, { allowNonFinite: true });
      expect(linear.bias?.item()).toBe(3);
    });
  });
});
