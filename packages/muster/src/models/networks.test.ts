import { generator, noGrad, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import { expect, test } from 'vitest';
import { ResNet } from './resnet.ts';
import { sincos2d } from './positions.ts';
import { SmallVgg } from './small-vgg.ts';
import { VisionTransformer } from './vit.ts';
import { VitIc } from './vit-ic.ts';

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

test('the network of ViT-IC has the published size, and its positions are fixed', () => {
  using network = new VitIc({ groups: 10 });
  expect(count(network)).toBe(13_157_166);
  expect(count(network.instanceHead)).toBe(2_373_632);
  expect(network.stateDict().get('pos_embed')?.numel).toBe(18_720);
  scope(() => {
    const rows = sincos2d(8, 288, { first: 'row', classToken: true });
    expect(network.posEmbed.select(0, 0).eq(rows).all().item()).toBe(1);
  });
});

test('ViT-IC gives probabilities and free instances, and every parameter a gradient', () => {
  using network = new VitIc({ groups: 3, dim: 16, depth: 1, heads: 2, hidden: 12, projection: 5, grid: 2 });
  scope(() => {
    const h = network.embed(noise([4, 3, 32, 32]));
    const y = network.probabilities(h);
    const z = network.instances(h);
    expect(y.sum([1]).sub(1).abs().max().item()).toBeLessThan(1e-6);
    expect(z.shape).toEqual([4, 5]);
    z.square().sum().add(y.square().sum()).backward();
    for (const [name, parameter] of network.namedParameters()) expect(parameter.grad, name).not.toBeNull();
  });
});

test('a state without the fixed table fits, one without learned positions does not', () => {
  const shape = { grid: 2, patch: 4, dim: 8, depth: 1, heads: 2 };
  const withoutTable = (network: VisionTransformer) => {
    const state = network.stateDict();
    state.delete('pos_embed');
    return state;
  };
  using fixed = new VisionTransformer({ ...shape, positions: 'sincos-2d' });
  using learned = new VisionTransformer(shape);
  fixed.loadStateDict(withoutTable(fixed));
  expect(() => learned.loadStateDict(withoutTable(learned))).toThrow(/missing.*pos_embed/);
});

test('a convolutional stem doubles its widths and must come to the patch', () => {
  const shape = { grid: 2, dim: 16, depth: 1, heads: 2, stem: 'convolutional' } as const;
  using network = new VisionTransformer({ ...shape, patch: 8 });
  const widths = [0, 3, 6].map((index) => network.stateDict().get(`stem.${index}.weight`)?.shape[0]);
  expect(widths).toEqual([4, 8, 16]);
  noGrad(() => scope(() => expect(network.tokens(noise([2, 3, 16, 16])).shape).toEqual([2, 5, 16])));
  expect(() => new VisionTransformer({ ...shape, patch: 12 })).toThrow(/patches of 12/);
  expect(() => new VisionTransformer({ ...shape, patch: 8, stemWidths: [4, 4] })).toThrow(/2 halvings/);
});

test('a transformer starts as its family does', () => {
  const shape = { grid: 8, patch: 4, dim: 96, depth: 1, heads: 2, generator: generator(5) };
  using dino = new VisionTransformer(shape);
  using mae = new VisionTransformer({ ...shape, positions: 'sincos-2d', start: 'mae' });
  using vitIc = new VitIc({ groups: 3, dim: 96, depth: 1, heads: 2, hidden: 60, generator: generator(5) });
  const tensor = (network: VisionTransformer, name: string) => network.stateDict().get(name) ?? torch.zeros([1]);
  const sd = (network: VisionTransformer, name: string) => scope(() => tensor(network, name).std().item());
  const most = (network: VisionTransformer, name: string) => scope(() => tensor(network, name).abs().max().item());
  expect(sd(dino, 'blocks.0.attn.qkv.weight')).toBeCloseTo(0.02, 3);
  expect(sd(dino, 'pos_embed')).toBeCloseTo(0.02, 3);
  expect(most(dino, 'blocks.0.mlp.fc1.bias')).toBe(0);
  const within = (value: number, bound: number) => {
    expect(value).toBeLessThanOrEqual(bound);
    expect(value).toBeGreaterThan(0.95 * bound);
  };
  within(most(mae, 'blocks.0.attn.qkv.weight'), Math.sqrt(6 / (96 + 288)));
  within(most(mae, 'patch_embed.proj.weight'), Math.sqrt(6 / (96 + 48)));
  expect(sd(mae, 'cls_token')).toBeCloseTo(0.02, 2);
  within(most(vitIc, 'blocks.0.attn.qkv.weight'), Math.sqrt(6 / (96 + 96)));
  within(most(vitIc, 'stem.3.weight'), 1 / Math.sqrt(9 * 12));
  within(most(vitIc, 'cluster_head.0.weight'), 1 / Math.sqrt(96));
  expect(most(vitIc, 'cls_token')).toBeGreaterThan(0);
  expect(most(vitIc, 'cls_token')).toBeLessThan(1e-5);
});
