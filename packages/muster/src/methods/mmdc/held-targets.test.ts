import * as torch from '@muster/torch';
import { generator, scope, tensor } from '@muster/torch';
import { expect, test } from 'vitest';
import { Random } from '../../base/index.ts';
import { unitOutputs } from '../../losses/index.ts';
import { HeldTargets, matchTargets } from './held-targets.ts';
import { mmdcOptions } from './options.ts';
import { renameGroups } from './refine.ts';
import { distances, drawComponents, drawMeans, drawNoise, indexOf, nearestMeans, targetPoints } from './targets.ts';

const [N, K, D, B] = [60, 5, 7, 24] as const;

function outputs(rows: number, width: number, seed: number): torch.Tensor {
  return scope(() => unitOutputs(torch.randn([rows, width], { generator: generator(seed) })));
}

test('a batch of equal targets is dealt out as well as by the whole assignment', () => {
  scope(() => {
    const means = torch.eye(K);
    const components = drawComponents(N, K, 1);
    using held = new HeldTargets(components, means, null);
    const rows = new Random(2).permutation(N).slice(0, B);
    const f = outputs(B, K, 3);
    const whole = matchTargets(f, held.of(Int32Array.from(rows)));
    const { cost, changed } = held.reassign(Int32Array.from(rows), f, distances(f, means).toFloat32Array());
    expect(cost).toBeCloseTo(whole.total, 5);
    expect(changed).toBeGreaterThan(0);
    const after = held.components();
    const inBatch = new Set(rows);
    // The same targets as before, among the same images.
    const sorted = (values: ArrayLike<number>): number[] => Array.from(rows, (row) => values[row] ?? -1).sort();
    expect(sorted(after)).toEqual(sorted(components));
    after.forEach((component, image) => {
      if (!inBatch.has(image)) expect(component).toBe(components[image]);
    });
  });
});

test('targets of their own are permuted, at the cost that is told', () => {
  scope(() => {
    const options = mmdcOptions.parse({ groups: K, means: 'sphere', dimension: D, sigma: 0.2 });
    const means = drawMeans(options, 1);
    const components = drawComponents(N, K, 1);
    const points = targetPoints({ means, sigma: 0.2, sigmaIs: 'sd' }, indexOf(components), drawNoise(N, D, 1));
    using held = new HeldTargets(components, means, points.clone());
    expect(held.components()).toEqual(Int32Array.from(nearestMeans(points, means).toNumbers()));
    const rows = Int32Array.from({ length: B }, (_, at) => 2 * at);
    const f = outputs(B, D, 4);
    const before = held.of(rows);
    const { cost } = held.reassign(rows, f, distances(f, means).toFloat32Array());
    const after = held.of(rows);
    expect(f.sub(after).square().sum([1]).sqrt().sum().item()).toBeCloseTo(cost, 4);
    expect(f.sub(before).square().sum([1]).sqrt().sum().item()).toBeGreaterThan(cost);
    const sums = (t: torch.Tensor): number[] => t.sum([1]).toNumbers().sort();
    expect(sums(after)).toEqual(sums(before));
    const untouched = Int32Array.of(1, 3, 5);
    expect(held.of(untouched).toNested()).toEqual(points.indexSelect(0, indexOf(untouched)).toNested());
    held.replace(components);
    expect(held.of(untouched).toNested()).toEqual(
      means.indexSelect(0, indexOf(untouched.map((row) => components[row] ?? 0))).toNested(),
    );
  });
});

test('what is held is in the state, and a state that is read back is held', () => {
  scope(() => {
    const means = torch.eye(K);
    using one = new HeldTargets(drawComponents(N, K, 1), means, outputs(N, K, 2));
    using other = new HeldTargets(drawComponents(N, K, 9), means, outputs(N, K, 2));
    one.replace(drawComponents(N, K, 5));
    other.state.copy_(one.state);
    expect(other.components()).toEqual(one.components());
  });
});

test('components are drawn with replacement, means lie on the sphere', () => {
  const components = drawComponents(60_000, 10, 7);
  const sizes = new Array<number>(10).fill(0);
  for (const component of components) sizes[component] = (sizes[component] ?? 0) + 1;
  for (const size of sizes) expect(Math.abs(size - 6000)).toBeLessThan(5 * 73);
  expect(new Set(sizes).size).toBeGreaterThan(1);
  scope(() => {
    const options = mmdcOptions.parse({ groups: 10, means: 'sphere', dimension: 32 });
    const means = drawMeans(options, 1);
    expect(means.shape).toEqual([10, 32]);
    expect(means.square().sum([1]).sub(1).abs().max().item()).toBeLessThan(1e-6);
    expect(means.toNested()).not.toEqual(drawMeans(options, 2).toNested());
  });
});

test('sigma is a standard deviation, or a variance', () => {
  scope(() => {
    const [means, index] = [torch.eye(3), indexOf([0, 1, 2])];
    const noise = tensor([
      [1, 2, 3],
      [0, 1, 0],
      [-1, 0, 1],
    ]);
    const sd = targetPoints({ means, sigma: 0.3, sigmaIs: 'sd' }, index, noise);
    const variance = targetPoints({ means, sigma: 0.09, sigmaIs: 'variance' }, index, noise);
    expect(sd.sub(variance).abs().max().item()).toBeLessThan(1e-6);
  });
});

test('fresh groups take the names that most of their images had', () => {
  const previous = Int32Array.of(0, 0, 0, 1, 1, 2, 2, 2);
  const fresh = Int32Array.of(2, 2, 1, 1, 1, 0, 0, 0);
  expect(renameGroups(fresh, previous, 3)).toEqual(Int32Array.of(0, 0, 1, 1, 1, 2, 2, 2));
});
