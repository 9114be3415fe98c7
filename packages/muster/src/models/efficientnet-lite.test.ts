import { generator, hasFastBf16, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, test } from 'vitest';
import { EfficientNetLiteInference } from './efficientnet-lite-inference.ts';
import { axisPadding, convolutionLayers, stateDictNames } from './efficientnet-lite-layout.ts';
import { EFFICIENTNET_LITE0, EfficientNetLite, efficientNetLiteWidths, expandedBy } from './efficientnet-lite.ts';

const TINY_STAGES = [8, 8, 8, 16, 16, 16, 24];
const TINY = {
  channels: 3,
  stem: 8,
  stages: TINY_STAGES,
  middles: expandedBy(2, TINY_STAGES),
  head: 40,
  classes: 5,
};

/** A small network whose batch normalisations do something. */
function tinyNetwork(): EfficientNetLite {
  const g = generator(7);
  const network = new EfficientNetLite(TINY, { generator: g });
  for (const [name, buffer] of network.namedBuffers()) {
    if (name.endsWith('running_mean')) buffer.normal_(0, 0.1, { generator: g });
    if (name.endsWith('running_var')) buffer.uniform_(0.5, 2, { generator: g });
  }
  return network.eval();
}

function largestDifference(a: Tensor, b: Tensor): number {
  return scope(() => a.sub(b).abs().max().item());
}

test('the state dict has the 296 names of timm, in order', () => {
  const network = new EfficientNetLite(EFFICIENTNET_LITE0);
  expect([...network.stateDict().keys()].toSorted()).toEqual(stateDictNames().toSorted());
  expect(stateDictNames()).toHaveLength(296);
  const body = network.parameters().reduce((sum, parameter) => sum + parameter.numel, 0) - 1281 * 1000;
  expect(body).toBe(3_371_008);
  network.dispose();
});

test('widths are read off the weights, block by block', () => {
  const network = tinyNetwork();
  expect(efficientNetLiteWidths(network.stateDict())).toEqual(TINY);
  const middles = TINY.middles.map((widths, stage) => widths.map((width, block) => width + stage + 2 * block));
  const uneven = new EfficientNetLite({ ...TINY, middles });
  expect(efficientNetLiteWidths(uneven.stateDict())).toEqual({ ...TINY, middles });
  uneven.dispose();
  expect(() => efficientNetLiteWidths(new Map())).toThrow(/conv_pw.weight is missing/);
  network.dispose();
});

test.each([
  ['tf-same', 224, 3, 2, [0, 1]],
  ['tf-same', 224, 5, 2, [1, 2]],
  ['tf-same', 15, 3, 2, [1, 1]],
  ['tf-same', 14, 5, 1, [2, 2]],
  ['symmetric', 224, 5, 2, [2, 2]],
] as const)('padding %s of %i, kernel %i, stride %i is %j', (rule, size, kernel, stride, expected) => {
  expect(axisPadding(rule, size, kernel, stride)).toEqual(expected);
});

describe('the frozen network', () => {
  test('equals the module in evaluation mode, for the planned batch and others', () => {
    const network = tinyNetwork();
    const frozen = new EfficientNetLiteInference(network.stateDict(), { inputSize: 64 });
    for (const n of [32, 1, 45]) {
      scope(() => {
        const x = torch.randn([n, 3, 64, 64], { generator: generator(n), dtype: 'float32' });
        const before = x.clone();
        const expected = noGrad(() => network.forward(x));
        const embedding = frozen.embed(x);
        expect(embedding.shape).toEqual([n, TINY.head]);
        expect(largestDifference(embedding, expected.features)).toBeLessThan(
          1e-4 * expected.features.abs().max().item(),
        );
        if (expected.logits === null) throw new Error('no logits');
        expect(largestDifference(frozen.logits(embedding), expected.logits)).toBeLessThan(1e-4);
        expect(largestDifference(x, before)).toBe(0);
      });
    }
    frozen.dispose();
    network.dispose();
  });

  test('takes a factor on the input into its first layer, and channels-last input', () => {
    const network = tinyNetwork();
    const plain = new EfficientNetLiteInference(network.stateDict(), { inputSize: 32 });
    const scaled = new EfficientNetLiteInference(network.stateDict(), { inputSize: 32, inputScale: 0.25 });
    scope(() => {
      const x = torch.randn([2, 3, 32, 32], { generator: generator(1), dtype: 'float32' });
      const expected = plain.embed(x);
      const channelsLast = x.mul(4).contiguous({ memoryFormat: 'channelsLast' });
      expect(largestDifference(scaled.embed(channelsLast), expected)).toBeLessThan(1e-4);
    });
    plain.dispose();
    scaled.dispose();
    network.dispose();
  });

  test.runIf(hasFastBf16())('bfloat16 points the same way', () => {
    const network = tinyNetwork();
    const full = new EfficientNetLiteInference(network.stateDict(), { inputSize: 32 });
    const short = new EfficientNetLiteInference(network.stateDict(), { inputSize: 32, dtype: 'bfloat16' });
    scope(() => {
      const x = torch.randn([2, 3, 32, 32], { generator: generator(1), dtype: 'float32' });
      const got = short.embed(x);
      expect(got.dtype).toBe('float32');
      expect(torch.cosineSimilarity(got, full.embed(x)).min().item()).toBeGreaterThan(0.99);
    });
    full.dispose();
    short.dispose();
    network.dispose();
  });

  test.runIf(!hasFastBf16())('bfloat16 is refused where the CPU has no instructions for it', () => {
    const network = tinyNetwork();
    expect(() => new EfficientNetLiteInference(network.stateDict(), { inputSize: 32, dtype: 'bfloat16' })).toThrow(
      /float32/,
    );
    network.dispose();
  });

  test('refuses sizes that it is not made for, and weights of something else', () => {
    const network = tinyNetwork();
    expect(() => new EfficientNetLiteInference(network.stateDict(), { inputSize: 100 })).toThrow(/multiple of 32/);
    expect(() => new EfficientNetLiteInference(new Map(), { inputSize: 64 })).toThrow(/is missing/);
    const frozen = new EfficientNetLiteInference(network.stateDict(), { inputSize: 32 });
    expect(() => frozen.embed(torch.zeros([1, 3, 64, 64], { dtype: 'float32' }))).toThrow(/takes 32 squared/);
    frozen.dispose();
    network.dispose();
  });

  test('leaves no tensors behind', () => {
    const network = tinyNetwork();
    const frozen = new EfficientNetLiteInference(network.stateDict(), { inputSize: 32 });
    const x = torch.zeros([40, 3, 32, 32], { dtype: 'float32' });
    const before = torch.liveTensors();
    for (let i = 0; i < 3; i++) frozen.embed(x).dispose();
    expect(torch.liveTensors()).toBe(before);
    frozen.dispose();
    x.dispose();
    network.dispose();
  });
});

test('a block begins and ends with the layers that say so', () => {
  const layers = convolutionLayers();
  expect(layers).toHaveLength(49);
  expect(layers.filter((layer) => layer.opensBlock)).toHaveLength(16);
  expect(layers.filter((layer) => layer.closesBlock)).toHaveLength(16);
});
