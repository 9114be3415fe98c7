import { generator, noGrad, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import { expect, test } from 'vitest';
import { ResNet } from './resnet.ts';
import { SmallVgg } from './small-vgg.ts';
import { VisionTransformer } from './vit.ts';

const count = (network: { parameters(): { numel: number }[] }) =>
  network.parameters().reduce((sum, p) => sum + p.numel, 0);

function noise(shape: number[]) {
  return torch.randn(shape, { dtype: 'float32', generator: generator(1) });
}

test('ResNets have the published sizes', () => {
  const imagenet = { stem: 'imagenet', classes: null } as const;
  using small = new ResNet({ depth: 18, ...imagenet });
  using large = new ResNet({ depth: 34, ...imagenet });
  using deep = new ResNet({ depth: 50, ...imagenet });
  using mmdc = new ResNet({ depth: 18, stem: 'mmdc', targetDim: 10 });
  expect(count(small)).toBe(11_176_512);
  expect(count(large)).toBe(21_284_672);
  expect(count(deep)).toBe(23_508_032);
  expect(deep.dimension).toBe(2048);
  expect(count(mmdc)).toBe(11_168_832 + 513 * 10 + 513 * 4);
});

test.each([
  [18, 'imagenet'],
  [18, 'cifar'],
  [34, 'mmdc'],
  [50, 'cifar'],
] as const)('a ResNet-%i with the stem %s gives features, and every parameter a gradient', (depth, stem) => {
  using network = new ResNet({ depth, stem, width: 4, classes: 3, generator: generator(2) });
  scope(() => {
    const x = noise([4, 3, 64, 64]);
    const logits = network.forward(x);
    expect(logits.shape).toEqual([4, 3]);
    logits.square().sum().backward();
    for (const [name, parameter] of network.namedParameters()) expect(parameter.grad, name).not.toBeNull();
  });
});

test('the small VGG has the published size', () => {
  using network = new SmallVgg({ channels: 1, inputSize: 32, targetDim: 10 });
  expect(count(network)).toBe(388_320 + 10_250);
  expect([...network.stateDict().keys()]).toContain('features.13.running_var');
  noGrad(() => scope(() => expect(network.eval().forward(noise([2, 1, 32, 32])).shape).toEqual([2, 10])));
});

test('ViT-S/16 has the published size and layout', () => {
  using network = new VisionTransformer({ grid: 14, patch: 16, dim: 384, depth: 12, heads: 6 });
  expect(count(network)).toBe(21_665_664);
  expect(network.stateDict().size).toBe(150);
  expect([...network.stateDict().keys()]).toContain('blocks.11.attn.qkv.weight');
});

test('a transformer takes another grid only where it is told how', () => {
  const shape = { grid: 2, patch: 4, dim: 8, depth: 1, heads: 2 };
  using strict = new VisionTransformer(shape);
  using flexible = new VisionTransformer({ ...shape, interpolation: 'antialias' });
  noGrad(() =>
    scope(() => {
      const x = noise([2, 3, 16, 12]);
      expect(flexible.tokens(x).shape).toEqual([2, 1 + 4 * 3, 8]);
      expect(() => strict.tokens(x)).toThrow(/positions for 4/);
      expect(() => flexible.tokens(noise([1, 3, 18, 16]))).toThrow(/patches of 4/);
    }),
  );
});

test('without a class token the embedding is the mean of the tokens', () => {
  using network = new VisionTransformer({
    grid: 2,
    patch: 4,
    dim: 8,
    depth: 1,
    heads: 2,
    classToken: false,
    classes: 3,
  });
  noGrad(() =>
    scope(() => {
      const x = noise([2, 3, 8, 8]);
      expect(network.tokens(x).shape).toEqual([2, 4, 8]);
      expect(
        network
          .embed(x)
          .sub(network.tokens(x).mean([1]))
          .abs()
          .max()
          .item(),
      ).toBe(0);
      expect(network.forward(x).shape).toEqual([2, 3]);
    }),
  );
});

test('the small VGG has a quick way of evaluation, also for negative scales', () => {
  using network = new SmallVgg({
    channels: 1,
    inputSize: 32,
    targetDim: 5,
    width: 4,
    rotation: true,
    generator: generator(3),
  });
  scope(() => {
    const x = noise([6, 1, 32, 32]);
    for (const [name, value] of network.stateDict()) {
      if (!name.startsWith('features.') || value.ndim !== 1) continue;
      const drawn = torch.randn(value.shape, { generator: generator(value.numel + name.length) });
      torch.noGrad(() => value.copy_(name.endsWith('running_var') ? drawn.abs().add(0.5) : drawn));
    }
    network.eval();
    const expected = torch.withGrad(() => network.forward(x)).detach();
    const quick = torch.noGrad(() => network.forward(x));
    expect(quick.sub(expected).abs().max().item() / expected.abs().max().item()).toBeLessThan(1e-5);
    const rotations = network.rotnetHead?.forward(network.flatFeatures(x));
    expect(rotations?.shape).toEqual([6, 4]);
  });
});
