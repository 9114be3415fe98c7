import { describe, expect, it } from 'vitest';
import { empty, generator, liveTensors, scope } from '../index.ts';
import type { Tensor } from '../index.ts';
import {
  Conv2d,
  LayerNorm,
  Linear,
  Sequential,
  TransformerBlock,
  init,
  initConvolutional_,
  initTruncNormalTransformer_,
  initXavierTransformer_,
} from './index.ts';

const make = (shape: number[]): Tensor => empty(shape, { dtype: 'float32' });
const spread = (tensor: Tensor): { low: number; high: number; mean: number; sd: number } => ({
  low: tensor.min().item(),
  high: tensor.max().item(),
  mean: tensor.mean().item(),
  sd: tensor.std().item(),
});

/** A uniform distribution fills its bounds and nothing beyond, and has their standard deviation. */
function expectUniform(tensor: Tensor, bound: number): void {
  const { low, high, mean, sd } = spread(tensor);
  expect(Math.max(-low, high)).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(Math.min(-low, high)).toBeGreaterThan(bound * 0.98);
  expect(Math.abs(mean)).toBeLessThan(bound * 0.02);
  expect(sd).toBeCloseTo(bound / Math.sqrt(3), 2);
}

describe('init', () => {
  it('counts connections', () => {
    scope(() => {
      expect(init.fans(make([8, 4]))).toEqual({ fanIn: 4, fanOut: 8 });
      expect(init.fans(make([8, 4, 3, 5]))).toEqual({ fanIn: 60, fanOut: 120 });
      expect(() => init.fans(make([8]))).toThrow('two dimensions');
    });
  });

  it('fills the bounds of each distribution', () => {
    scope(() => {
      const g = { generator: generator(1) };
      expectUniform(init.xavierUniform_(make([300, 200]), g), Math.sqrt(6 / 500));
      expectUniform(init.xavierUniformQkv_(make([600, 200]), g), Math.sqrt(6 / 400));
      expectUniform(init.xavierUniformPatch_(make([200, 3, 10, 10]), g), Math.sqrt(6 / 500));
      expectUniform(init.kaimingUniform_(make([300, 200]), g), Math.sqrt(6 / 200));
      expectUniform(
        init.kaimingUniform_(make([300, 200]), { mode: 'fanOut', slope: Math.sqrt(5), ...g }),
        Math.sqrt(1 / 300),
      );
      expect(spread(init.kaimingNormal_(make([300, 20, 3, 3]), g)).sd).toBeCloseTo(Math.sqrt(2 / 180), 3);
    });
  });

  it('cuts the truncated normal at values, wherever they lie', () => {
    scope(() => {
      const narrow = spread(init.truncNormal_(make([50_000]), { sd: 0.02, generator: generator(1) }));
      expect(narrow.sd).toBeCloseTo(0.02, 3);
      const cut = spread(init.truncNormal_(make([50_000]), { generator: generator(2) }));
      expect(cut.low).toBeGreaterThanOrEqual(-2);
      expect(cut.high).toBeLessThanOrEqual(2);
      // Standard normal cut at ±2: variance 1 - 4 φ(2) / (2 Φ(2) - 1) = .7737.
      expect(cut.sd ** 2).toBeCloseTo(0.7737, 1);
      const onesided = spread(
        init.truncNormal_(make([50_000]), { mean: 1, sd: 0.5, low: 1, high: 3, generator: generator(3) }),
      );
      expect(onesided.low).toBeGreaterThanOrEqual(1);
      expect(onesided.mean).toBeCloseTo(1 + 0.5 * Math.sqrt(2 / Math.PI), 1);
    });
  });

  it('repeats with the seed and leaves no tensor behind', () => {
    const before = liveTensors();
    const draw = (): number[] =>
      scope(() => {
        using linear = new Linear(3, 2, { generator: generator(7) });
        return [...linear.weight.toNumbers(), ...(linear.bias?.toNumbers() ?? [])];
      });
    expect(draw()).toEqual(draw());
    expect(liveTensors()).toBe(before);
  });

  it('gives Linear and Conv2d the bounds of PyTorch', () => {
    scope(() => {
      expectUniform(new Linear(100, 400, { generator: generator(1) }).weight, 0.1);
      const conv = new Conv2d(8, 4000, 5, { groups: 2, generator: generator(2) });
      expectUniform(conv.weight, 0.1);
      if (conv.bias !== null) expectUniform(conv.bias, 0.1);
    });
  });
});

describe('initialisation of networks', () => {
  it('follows MAE and MoCo v3', () => {
    scope(() => {
      const block = new TransformerBlock(120, { heads: 4, generator: generator(1) });
      initXavierTransformer_(block, { generator: generator(2) });
      expectUniform(block.attn.qkv.weight, Math.sqrt(6 / 480));
      initXavierTransformer_(block, { splitQkv: true, generator: generator(2) });
      expectUniform(block.attn.qkv.weight, Math.sqrt(6 / 240));
      expectUniform(block.mlp.fc1.weight, Math.sqrt(6 / 600));
      expect(block.mlp.fc1.bias?.abs().max().item()).toBe(0);
      expect(block.norm1.weight?.min().item()).toBe(1);
    });
  });

  it('follows DINO and MMDC', () => {
    scope(() => {
      const head = new Sequential(new Linear(200, 200), new LayerNorm(200));
      initTruncNormalTransformer_(head, { generator: generator(1) });
      const [weight, bias] = [head.stateDict().get('0.weight'), head.stateDict().get('0.bias')];
      expect(weight === undefined ? 0 : spread(weight).sd).toBeCloseTo(0.02, 3);
      expect(bias?.abs().max().item()).toBe(0);
      const network = new Sequential(new Conv2d(10, 100, 3), new Linear(100, 100));
      initConvolutional_(network, { generator: generator(1) });
      const state = network.stateDict();
      expect(state.get('0.weight')?.std().item()).toBeCloseTo(Math.sqrt(2 / 90), 2);
      expect(state.get('1.weight')?.std().item()).toBeCloseTo(0.01, 3);
    });
  });
});
