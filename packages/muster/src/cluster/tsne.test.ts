import { generator, liveTensors, setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { trustworthiness } from '../metrics/index.ts';
import { QuadTree } from './quad-tree.ts';
import { sparseFromLists } from './sparse-rows.ts';
import { conditionalAffinities, denseAffinities, sparseAffinities } from './tsne-affinities.ts';
import { exactGradient, treeGradient } from './tsne-forces.ts';
import { tsne } from './tsne.ts';

beforeAll(() => setThreads(1));

function blobs(groups: number, each: number, d: number, seed: number): Tensor {
  const g = generator(seed);
  const centres = torch.randn([groups, 1, d], { generator: g }).mul(4);
  return torch
    .randn([groups, each, d], { generator: g })
    .add(centres)
    .view([groups * each, d]);
}

describe('affinities', () => {
  test('have the perplexity asked for', () => {
    const squared = torch.rand([6, 40], { generator: generator(1), dtype: 'float64' }).mul(100);
    squared.select(1, 3).fill_(Infinity);
    const p = conditionalAffinities(squared, 8);
    expect(p.select(1, 3).abs().max().item()).toBe(0);
    expect(p.sum([1]).sub(1).abs().max().item()).toBeLessThan(1e-12);
    const entropy = p.xlogy(p).sum([1]).neg().exp();
    expect(entropy.sub(8).abs().max().item()).toBeLessThan(1e-3);
  });

  test.each(['euclidean', 'cosine'] as const)('of all pairs and of near ones agree, sum 1 (%s)', (metric) => {
    const x = blobs(3, 15, 5, 2);
    const dense = denseAffinities(x, 5, metric);
    const { n, offsets, targets, weights } = sparseAffinities(x, 14.7, metric, undefined); // 44 neighbours: all
    expect(dense.sum().item()).toBeCloseTo(1, 5);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    const all = denseAffinities(x, 14.7, metric).toFloat32Array();
    for (let i = 0; i < n; i++) {
      for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) {
        expect(Math.abs((all[i * n + (targets[at] ?? 0)] ?? NaN) - (weights[at] ?? 0))).toBeLessThan(1e-7);
      }
    }
  });
});

describe('gradients', () => {
  const n = 60;
  const y = torch
    .randn([n, 2], { generator: generator(3), dtype: 'float64' })
    .mul(3)
    .toFloat64Array();
  const p = torch.rand([n, n], { generator: generator(4), dtype: 'float64' });
  p.diagonal().zero_();
  const joint = p.add(p.t()).div_(p.sum().item() * 2);

  test('the exact one is that of the divergence', () => {
    const point = tensor(y.slice(), [n, 2], { requiresGrad: true });
    const near = torch
      .cdist(point, point, 2, 2)
      .square()
      .add(1)
      .reciprocal()
      .mul(torch.rsub(torch.eye(n, { dtype: 'float64' }), 1));
    const q = near.div(near.sum());
    joint
      .xlogy(joint)
      .sub(joint.mul(q.clampMin(1e-300).log()))
      .sum()
      .backward();
    const gradient = new Float64Array(2 * n);
    exactGradient(joint.to('float32'))(y, 1, gradient);
    const wanted = point.grad?.toFloat64Array() ?? [];
    gradient.forEach((value, c) => expect(Math.abs(value - (wanted[c] ?? NaN))).toBeLessThan(1e-6));
  });

  test('the exact one looks at each pair once, however many strips there are', () => {
    const many = 1100; // three strips
    const points = torch.randn([many, 2], { generator: generator(5), dtype: 'float64' }).mul(5);
    const half = torch.rand([many, many], { generator: generator(6), dtype: 'float64' });
    const pairs = half.add(half.t()).div_(2 * half.sum().item());
    const near = torch.cdist(points, points, 2, 2).square_().add_(1).reciprocal_();
    near.diagonal().zero_();
    const force = pairs.sub(near.div(near.sum())).mul_(near);
    const wanted = points
      .mul(force.sum([1], true))
      .sub_(force.mm(points))
      .mul_(4)
      .toFloat64Array(); // eq. 5
    const gradient = new Float64Array(2 * many);
    exactGradient(pairs.to('float32'))(points.toFloat64Array(), 1, gradient);
    const size = Math.hypot(...wanted);
    expect(Math.hypot(...gradient.map((value, c) => value - (wanted[c] ?? NaN))) / size).toBeLessThan(2e-3);
  });

  test('the tree agrees with it, exactly where no cell counts as a point', () => {
    const lists = Int32Array.from({ length: n * n }, (_, at) => (at % n === Math.floor(at / n) ? -1 : at % n));
    const graph = sparseFromLists(lists, joint.toFloat64Array(), n, n);
    const [exact, fine, coarse] = [0, 1, 2].map(() => new Float64Array(2 * n));
    if (exact === undefined || fine === undefined || coarse === undefined) throw new Error('three arrays');
    exactGradient(joint.to('float32'))(y, 3, exact);
    treeGradient(graph, 0)(y, 3, fine);
    treeGradient(graph, 0.5)(y, 3, coarse);
    const size = Math.hypot(...exact);
    expect(Math.hypot(...fine.map((value, c) => value - (exact[c] ?? 0))) / size).toBeLessThan(1e-5);
    expect(Math.hypot(...coarse.map((value, c) => value - (exact[c] ?? 0))) / size).toBeLessThan(0.05);
  });

  test('copies of a point do not push it, but count', () => {
    const points = Float64Array.from([0, 0, 0, 0, 0, 0, 1, 0, 1e-300, 0]);
    const tree = new QuadTree(points);
    const force = new Float64Array(10);
    const total = tree.repulsion(0, 0, force);
    expect(total).toBeCloseTo(1 + 1 + 1 + 1 / 2, 9);
    expect(force[0]).toBeCloseTo(-1 / 4, 9);
    expect(tree.repulsion(3, 0, force)).toBeCloseTo(4 / 2, 9);
    expect(force[6]).toBeCloseTo(4 / 4, 9);
  });
});

describe('tsne', () => {
  test.each([5000, 0])('keeps neighbours, twice the same (exact below %d)', (exactBelow) => {
    const x = blobs(4, 50, 10, 5);
    const run = (): Tensor => tsne(x, { iterations: 300, perplexity: 15, exactBelow, generator: generator(1) });
    const y = run();
    expect(trustworthiness(x, y, { k: 8, metric: 'euclidean' })).toBeGreaterThan(0.9);
    expect(run().toNumbers()).toEqual(y.toNumbers());
  });

  test('few, equal and wrong rows; no tensor is left behind', () => {
    const options = { iterations: 20, generator: generator(1) };
    for (const n of [1, 2, 3, 4, 10])
      expect(
        tsne(torch.ones([n, 3]), options)
          .isfinite()
          .all()
          .item(),
      ).toBe(1);
    expect(
      tsne(torch.ones([10, 1]), { ...options, exactBelow: 0 })
        .isfinite()
        .all()
        .item(),
    ).toBe(1);
    expect(() => tsne(tensor([[1], [NaN]]), options)).toThrow(/not finite/);
    expect(() => tsne(torch.ones([9, 2]), { ...options, perplexity: 0 })).toThrow(/perplexity/);
    const x = blobs(2, 20, 3, 6);
    const before = liveTensors();
    tsne(x, options).dispose();
    expect(liveTensors()).toBe(before);
  });
});
