import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import { conv2d, generator, liveTensors, noGrad, offThread, ones, randn, scope, tensor, zeros } from '../index.ts';
import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  DropPath,
  Dropout,
  Embedding,
  LayerNorm,
  Linear,
  MultiHeadAttention,
  ReLU,
  Sequential,
  TransformerBlock,
  foldBatchNorm,
  interpolate,
} from './index.ts';

const draw = (shape: number[], seed = 1): Tensor => randn(shape, { generator: generator(seed), dtype: 'float64' });
const largest = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe('BatchNorm', () => {
  it('normalises by the batch in training and keeps running statistics', () => {
    scope(() => {
      const norm = new BatchNorm1d(1, { momentum: 0.5 });
      const y = norm.forward(tensor([[1], [3]]));
      expect(y.toNumbers().map((value) => Number(value.toFixed(4)))).toEqual([-1, 1]);
      expect([norm.runningMean.item(), norm.runningVar.item(), norm.numBatchesTracked.item()]).toEqual([1, 1.5, 1]);
      norm.eval();
      expect(norm.forward(tensor([[1]])).item()).toBe(0);
      expect(norm.numBatchesTracked.item()).toBe(1);
    });
  });

  it('takes the plain mean over batches without a momentum', () => {
    scope(() => {
      const norm = new BatchNorm1d(1, { momentum: null, affine: false });
      for (const batch of [
        [[1], [3]],
        [[5], [7]],
      ])
        norm.forward(tensor(batch));
      expect([norm.runningMean.item(), norm.runningVar.item()]).toEqual([4, 2]);
    });
  });

  it('refuses other ranks, and one value a channel in training', () => {
    scope(() => {
      const norm = new BatchNorm2d(2);
      expect(() => norm.forward(zeros([2, 2]))).toThrow('BatchNorm2d: expected 4 dimensions, got float32[2, 2]');
      expect(() => norm.forward(zeros([1, 2, 1, 1]))).toThrow('no variance');
      expect(norm.eval().forward(zeros([1, 2, 1, 1])).shape).toEqual([1, 2, 1, 1]);
    });
  });
});

describe('foldBatchNorm', () => {
  it.each([true, false])('gives the convolution that both are together (bias: %s)', (bias) => {
    scope(() => {
      const conv = new Conv2d(3, 4, 3, { padding: 1, bias, generator: generator(1) }).to({ dtype: 'float64' });
      const norm = new BatchNorm2d(4, { eps: 1e-3 }).to({ dtype: 'float64' });
      for (let seed = 2; seed < 5; seed += 1) norm.forward(conv.forward(draw([2, 3, 5, 5], seed)));
      noGrad(() => norm.weight?.copy_(draw([4], 6)));
      noGrad(() => norm.bias?.copy_(draw([4], 7)));
      norm.eval();
      const x = draw([2, 3, 5, 5], 9);
      const folded = foldBatchNorm(conv, norm);
      const y = conv2d(x, folded.weight, folded.bias, 1, 1);
      expect(largest(y, norm.forward(conv.forward(x)))).toBeLessThan(1e-12);
      expect(folded.weight.requiresGrad).toBe(false);
    });
  });
});

describe('MultiHeadAttention', () => {
  it('masks: causal attention does not look ahead, and equals a mask given', () => {
    scope(() => {
      const attention = new MultiHeadAttention(8, { heads: 2, generator: generator(1) }).to({ dtype: 'float64' });
      const x = draw([1, 5, 8]);
      const y = attention.forward(x, { causal: true });
      const changed = x.clone();
      changed.select(1, 4).fill_(9);
      const z = attention.forward(changed, { causal: true });
      expect(largest(y.narrow(1, 0, 4), z.narrow(1, 0, 4))).toBe(0);
      expect(largest(y.narrow(1, 4, 1), z.narrow(1, 4, 1))).toBeGreaterThan(0.01);
      const mask = ones([5, 5], { dtype: 'bool' }).tril();
      expect(largest(attention.forward(x, { mask }), y)).toBeLessThan(1e-12);
    });
  });

  it('refuses heads that do not divide the width', () => {
    expect(() => new MultiHeadAttention(10, { heads: 3 })).toThrow('3 heads do not divide the width 10');
  });
});

describe('TransformerBlock', () => {
  it('has the names of timm', () => {
    using block = new TransformerBlock(4, { heads: 2, layerScale: 0.1 });
    expect([...block.stateDict().keys()]).toEqual([
      'norm1.weight',
      'norm1.bias',
      'attn.qkv.weight',
      'attn.qkv.bias',
      'attn.proj.weight',
      'attn.proj.bias',
      'ls1.gamma',
      'norm2.weight',
      'norm2.bias',
      'mlp.fc1.weight',
      'mlp.fc1.bias',
      'mlp.fc2.weight',
      'mlp.fc2.bias',
      'ls2.gamma',
    ]);
  });

  it('runs off the main thread with the same result', async () => {
    using block = new TransformerBlock(8, { heads: 2, generator: generator(1) });
    using x = randn([2, 3, 8], { generator: generator(2) });
    using here = noGrad(() => scope(() => block.forward(x)));
    using there = await offThread(() => block.forward(x));
    expect(scope(() => largest(here, there))).toBe(0);
  });

  it('trains without leaving tensors behind', () => {
    using block = new TransformerBlock(8, { heads: 2, generator: generator(1), dropPath: 0.5 });
    const step = (): number =>
      scope(() => {
        block.zeroGrad();
        const loss = block
          .forward(randn([4, 3, 8]))
          .square()
          .mean();
        loss.backward();
        return loss.item();
      });
    step();
    const before = liveTensors();
    for (let i = 0; i < 5; i += 1) step();
    expect(liveTensors()).toBe(before);
    block.zeroGrad();
  });
});

describe('dropout', () => {
  it('keeps the mean in training, is nothing in evaluation, and repeats with the seed', () => {
    scope(() => {
      const x = ones([100, 100]);
      const run = (): Tensor => new Dropout(0.25, { generator: generator(3) }).forward(x);
      const y = run();
      expect(y.mean().item()).toBeCloseTo(1, 1);
      expect(new Set(y.toNumbers().map((value) => value.toFixed(4)))).toEqual(new Set(['0.0000', '1.3333']));
      expect(run().equal(y)).toBe(true);
      const off = new Dropout(0.25).eval();
      expect(off.forward(x)).toBe(x);
      expect(new Dropout(1).forward(x).sum().item()).toBe(0);
    });
  });

  it('drops whole samples on a path', () => {
    scope(() => {
      const sums = new DropPath(0.5, { generator: generator(4) })
        .forward(ones([200, 3, 2]))
        .sum([1, 2])
        .toNumbers();
      expect(new Set(sums)).toEqual(new Set([0, 12]));
    });
  });

  it('refuses what is no probability', () => {
    expect(() => new Dropout(1.5)).toThrow('between 0 and 1');
    expect(() => new DropPath(Number.NaN)).toThrow('between 0 and 1');
  });
});

describe('other layers', () => {
  it('runs layers in order and gives rows of a table', () => {
    scope(() => {
      const network = new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1), new LayerNorm(1));
      expect(network.forward(ones([4, 2])).shape).toEqual([4, 1]);
      expect(network.at(-1)).toBeInstanceOf(LayerNorm);
      expect(() => network.at(4)).toThrow('no module 4');
      const embedding = new Embedding(5, 2, { generator: generator(1) });
      expect(embedding.forward(tensor(BigInt64Array.of(3n))).toNested()).toEqual([
        embedding.weight.select(0, 3).toNested(),
      ]);
    });
  });

  it('refuses groups that do not divide the channels, and nearest with antialias', () => {
    expect(() => new Conv2d(4, 4, 3, { groups: 3 })).toThrow('3 groups');
    scope(() => {
      expect(() => interpolate(zeros([1, 1, 2, 2]), { size: [4, 4], mode: 'nearest', antialias: true })).toThrow(
        'antialias',
      );
    });
  });

  it('samples at the scale given instead of the sizes', () => {
    scope(() => {
      const x = draw([1, 1, 14, 14]);
      const bySize = interpolate(x, { size: [20, 20], mode: 'bicubic' });
      const exact = interpolate(x, { size: [20, 20], mode: 'bicubic', scale: [20 / 14, 20 / 14] });
      const shifted = interpolate(x, { size: [20, 20], mode: 'bicubic', scale: [20.1 / 14, 20.1 / 14] });
      expect(largest(bySize, exact)).toBeLessThan(1e-12);
      expect(largest(bySize, shifted)).toBeGreaterThan(1e-3);
    });
  });
});
