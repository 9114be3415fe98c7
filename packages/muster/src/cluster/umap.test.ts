import { generator, liveTensors, scope, setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { trustworthiness } from '../metrics/index.ts';
import { kmeans } from './kmeans.ts';
import { sparseFromLists, toDense } from './sparse-rows.ts';
import { umapCurve } from './umap-curve.ts';
import { umapGraph } from './umap-graph.ts';
import { optimiseLayout } from './umap-layout.ts';
import { placeInUmap, umap } from './umap.ts';

beforeAll(() => setThreads(1));

function blobs(groups: number, each: number, d: number, seed: number): { x: Tensor; truth: number[] } {
  const g = generator(seed);
  const centres = torch.randn([groups, d], { generator: g }).mul(4);
  const truth = Array.from({ length: groups * each }, (_, i) => i % groups);
  const index = tensor(BigInt64Array.from(truth, BigInt));
  return { x: torch.randn([truth.length, d], { generator: g }).add(centres.indexSelect(0, index)), truth };
}

describe('umapCurve', () => {
  test.each([
    [1, 0.1, 1.57694, 0.89506],
    [1, 0, 1.93289, 0.79049],
    [1, 0.5, 0.58303, 1.33416],
  ])('spread %d, distance %d', (spread, minDistance, a, b) => {
    const curve = umapCurve(spread, minDistance);
    expect(curve.a).toBeCloseTo(a, 3);
    expect(curve.b).toBeCloseTo(b, 3);
  });
});

describe('umapGraph', () => {
  const indices = tensor(BigInt64Array.from([0, 1, 2, 1, 0, 2, 2, 1, 0], BigInt), [3, 3]);
  const distances = tensor([[0, 1, 3], [0, 1, 2], [0, 2, 3]], null, { dtype: 'float64' }); // prettier-ignore

  test('strengths sum to the target; union, intersection and mixtures', () => {
    const { graph, sigmas, rhos } = umapGraph(indices, distances);
    expect(rhos.toNumbers()).toEqual([1, 1, 2]);
    // 1 + exp(-(d - rho) / sigma) = log2(3) for the second neighbour
    [2, 1, 1].forEach((gap, i) =>
      expect(1 + Math.exp(-gap / (sigmas.toNumbers()[i] ?? 0))).toBeCloseTo(Math.log2(3), 4),
    );
    const s = Math.log2(3) - 1;
    const rows = toDense(graph).toNested() as number[][];
    expect(rows[0]?.[1]).toBe(1);
    expect(rows[0]?.[2]).toBeCloseTo(s + s - s * s, 4); // each end counts the other as its second
    expect(rows[1]?.[2]).toBeCloseTo(1, 4);
    const both = toDense(umapGraph(indices, distances, { mix: 0 }).graph).toNested() as number[][];
    expect(both[0]?.[2]).toBeCloseTo(s * s, 4);
    const half = toDense(umapGraph(indices, distances, { mix: 0.5 }).graph).toNested() as number[][];
    expect(half[0]?.[2]).toBeCloseTo(s, 4);
  });

  test('equal rows are fully connected', () => {
    const { graph } = umapGraph(indices, torch.zeros([3, 3]));
    expect(toDense(graph).toNested()).toEqual([[0, 1, 1], [1, 0, 1], [1, 1, 0]]); // prettier-ignore
  });
});

describe('optimiseLayout', () => {
  const graph = sparseFromLists([1, 0, 3, 2], [1, 1, 0.4, 0.4], 4, 1);
  const run = (dimensions: number, epochs: number, seed = 7): Float32Array =>
    scope(() => {
      const points = torch.randn([4, dimensions], { generator: generator(3) }).mul_(3);
      optimiseLayout(points, null, graph, { curve: umapCurve(1, 0.1), epochs, seed, negatives: 2 });
      return points.toFloat32Array();
    });
  const distance = (points: Float32Array, dimensions: number, i: number, j: number): number =>
    Math.hypot(
      ...Array.from(
        { length: dimensions },
        (_, c) => (points[i * dimensions + c] ?? 0) - (points[j * dimensions + c] ?? 0),
      ),
    );

  test.each([1, 2, 3, 8, 11])(
    'pairs end together and apart from others, twice the same (%d dimensions)',
    (dimensions) => {
      const points = run(dimensions, 300);
      expect(points.every((value) => Math.abs(value) < 100)).toBe(true);
      const apart = Math.min(...[0, 1].flatMap((i) => [2, 3].map((j) => distance(points, dimensions, i, j))));
      expect(Math.max(distance(points, dimensions, 0, 1), distance(points, dimensions, 2, 3))).toBeLessThan(apart);
      expect(run(dimensions, 300)).toEqual(points);
      expect(run(dimensions, 300, 8)).not.toEqual(points);
    },
  );

  test('forces are those of the formula', () => {
    // One pull in the first epoch that is due, no pushes: y += alpha * pull * (y - z) at both ends.
    const points = tensor([[0, 0], [1.5, 0]]); // prettier-ignore
    const edge = sparseFromLists([1, -1], [1, 0], 2, 1);
    const { a, b } = umapCurve(1, 0.1);
    optimiseLayout(points, null, edge, { curve: { a, b }, epochs: 2, seed: 1, negatives: 0 });
    const d2 = 2.25;
    const pull = (-2 * a * b * d2 ** (b - 1)) / (1 + a * d2 ** b);
    const step = 0.5 * pull * -1.5; // the second of two epochs has half the rate
    const [left, , right] = points.toNumbers();
    expect(left).toBeCloseTo(step, 2);
    expect(right).toBeCloseTo(1.5 - step, 2);
  });
});

describe('umap', () => {
  test.each([2, 5])('keeps neighbours and groups (%d dimensions)', (dimensions) => {
    const { x, truth } = blobs(4, 60, 20, 1);
    const layout = umap(x, { dimensions, epochs: 150, generator: generator(2) });
    expect(layout.shape).toEqual([240, dimensions]);
    expect(trustworthiness(x, layout, { k: 10, metric: 'cosine' })).toBeGreaterThan(0.85);
    const labels = kmeans(layout, { k: 4, generator: generator(1) }).labels.toNumbers();
    expect(new Set(labels.map((label, i) => `${label} ${truth[i]}`)).size).toBe(4);
    expect(umap(x, { dimensions, epochs: 150, generator: generator(2) }).toNumbers()).toEqual(layout.toNumbers());
  });

  test('further rows land in their groups, the layout stays', () => {
    const { x, truth } = blobs(3, 80, 10, 3);
    const [fitted, rest] = [x.narrow(0, 0, 180), x.narrow(0, 180, 60)];
    const layout = umap(fitted, { epochs: 150, generator: generator(2) });
    const before = layout.toNumbers();
    const placed = placeInUmap(fitted, layout, rest, { epochs: 50, generator: generator(4) });
    expect(layout.toNumbers()).toEqual(before);
    const nearest = torch.cdist(placed, layout).argmin(1).toNumbers();
    nearest.forEach((i, row) => expect(truth[i]).toBe(truth[180 + row]));
  });

  test('equal rows, two rows, one row; what cannot be is refused; no tensor is left behind', () => {
    const g = generator(1);
    const options = { epochs: 10, generator: g };
    expect(
      umap(torch.ones([20, 3]), options)
        .isfinite()
        .all()
        .item(),
    ).toBe(1);
    expect(umap(torch.ones([2, 3]), options).shape).toEqual([2, 2]);
    expect(umap(torch.ones([1, 3]), options).shape).toEqual([1, 2]);
    expect(() => umap(tensor([[1], [NaN]]), options)).toThrow(/not finite/);
    expect(() => umap(torch.ones([5, 2]), { ...options, minDistance: 2 })).toThrow(/minDistance/);
    const { x } = blobs(2, 30, 4, 5);
    const before = liveTensors();
    umap(x, options).dispose();
    expect(liveTensors()).toBe(before);
  });

  test('stops when asked to', () => {
    const { x } = blobs(2, 30, 4, 5);
    const stop = new AbortController();
    const onEpoch = (done: number): void => void (done === 3 && stop.abort());
    expect(() => umap(x, { generator: generator(1), signal: stop.signal, onEpoch })).toThrow(/abort/i);
  });
});
