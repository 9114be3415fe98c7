import { expect, test } from 'vitest';
import { generator, linalgVectorNorm, randn, scope } from '@muster/torch';
import { unitRows } from '../../losses/index.ts';
import { drawTargets, NoiseTargets } from './targets.ts';

test('targets have length 1, lie about in all directions, and are the seed’s', () => {
  scope(() => {
    const targets = drawTargets(500, 6, 3);
    for (const norm of linalgVectorNorm(targets, 2, [1]).toNumbers()) expect(norm).toBeCloseTo(1, 5);
    for (const mean of targets.mean([0]).toNumbers()) expect(Math.abs(mean)).toBeLessThan(0.08);
    for (const square of targets.square().mean([0]).toNumbers()) expect(square).toBeCloseTo(1 / 6, 1);
    expect(drawTargets(500, 6, 3).toFloat32Array()).toEqual(targets.toFloat32Array());
    expect(drawTargets(500, 6, 4).toFloat32Array()).not.toEqual(targets.toFloat32Array());
  });
});

test('a batch deals out its own targets anew at the largest sum of products', () => {
  scope(() => {
    using random = generator(1);
    const points = drawTargets(8, 4, 1);
    const outputs = unitRows(randn([4, 4], { generator: random, dtype: 'float32' }));
    using targets = new NoiseTargets(points.clone());
    const rows = Int32Array.of(1, 3, 4, 6);
    const products = outputs.mm(targets.of(rows).t()).toNested() as number[][];
    const before = targets.held.toNumbers();
    const changed = targets.reassign(rows, outputs);
    const after = targets.held.toNumbers();

    const best = Math.max(...permutations(4).map((order) => sum(order.map((to, from) => products[from]?.[to] ?? NaN))));
    expect(outputs.mul(targets.of(rows)).sum().item()).toBeCloseTo(best, 5);
    expect([...after].sort()).toEqual(before);
    expect(after.filter((target, image) => target !== before[image])).toHaveLength(changed);
    for (const image of [0, 2, 5, 7]) expect(after[image]).toBe(image);
    expect(targets.reassign(rows, outputs)).toBe(0);
  });
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((shorter) =>
    Array.from({ length: n }, (_, at) => [...shorter.slice(0, at), n - 1, ...shorter.slice(at)]),
  );
}
