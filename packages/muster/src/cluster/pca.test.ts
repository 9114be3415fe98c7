import type { Tensor } from '@muster/torch';
import { generator, liveTensors, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { pca, principalScores } from './index.ts';

/** Rows whose spread falls from column to column, turned at random and moved away from the origin. */
function slanted(n: number, d: number, seed: number): Tensor {
  const random = generator(seed);
  const spread = torch.arange(1, d + 1, { dtype: 'float64' }).rsqrt();
  const rows = torch.randn([n, d], { generator: random, dtype: 'float64' }).mul(spread);
  const [turn] = torch.linalgQr(torch.randn([d, d], { generator: random, dtype: 'float64' }));
  return rows.mm(turn).add(3);
}

/** Largest entry of a difference in size. */
function gap(a: Tensor, b: Tensor): number {
  return a.to('float64').sub(b.to('float64')).abs().max().item();
}

function absGap(a: Tensor, b: Tensor): number {
  return gap(a.abs(), b.abs());
}

describe('pca', () => {
  it.each([
    ['tall', 200, 12],
    ['wide', 15, 60],
  ] as const)('gives what the singular values of the centred rows give: %s', (_, n, d) => {
    const x = slanted(n, d, 1);
    const found = pca(x, { k: 5 });
    const centred = x.sub(x.mean([0]));
    const [, s, vh] = torch.linalgSvd(centred, false);
    const squares = s.square();
    expect(found.solver).toBe('exact');
    expect(absGap(found.components, vh.narrow(0, 0, 5))).toBeLessThan(1e-9);
    expect(gap(found.variance, squares.narrow(0, 0, 5).div(n - 1))).toBeLessThan(1e-10);
    expect(gap(found.ratio, squares.narrow(0, 0, 5).div(squares.sum()))).toBeLessThan(1e-10);
    expect(gap(found.scores, centred.mm(found.components.t()))).toBeLessThan(1e-10);
    expect(gap(found.mean, x.mean([0]))).toBeLessThan(1e-12);
  });

  it('whitens: the scores have unit covariance, and rows passed later get the same', () => {
    const x = slanted(300, 8, 2);
    const found = pca(x, { k: 4, whiten: true });
    const covariance = found.scores.t().mm(found.scores).div(299);
    expect(gap(covariance, torch.eye(4, { dtype: 'float64' }))).toBeLessThan(1e-9);
    expect(gap(principalScores(x, found, { whiten: true }), found.scores)).toBeLessThan(1e-12);
    expect(gap(principalScores(x.narrow(0, 7, 3), found), pca(x, { k: 4 }).scores.narrow(0, 7, 3))).toBeLessThan(1e-9);
  });

  it('block iteration agrees with eigenvectors, and float32 in blocks with float64', () => {
    const x = slanted(6_000, 200, 3);
    const exact = pca(x, { k: 6, solver: 'exact' });
    const iterated = pca(x, { k: 6, solver: 'subspace' });
    expect(gap(iterated.variance.div(exact.variance), torch.ones([6]))).toBeLessThan(1e-4);
    const narrow = pca(x.to('float32'), { k: 6, solver: 'exact' });
    expect(x.numel).toBeGreaterThan(2 ** 20);
    expect(narrow.scores.dtype).toBe('float32');
    expect(gap(narrow.variance.div(exact.variance), torch.ones([6]))).toBeLessThan(1e-5);
    expect(gap(narrow.components, exact.components)).toBeLessThan(1e-3);
  });

  it('iterates on tables that are long and wide, the same at each call', () => {
    const random = generator(4);
    const planted = torch.randn([2_100, 3], { generator: random }).mul(20);
    const x = planted
      .mm(torch.randn([3, 2_100], { generator: random }))
      .add(torch.randn([2_100, 2_100], { generator: random }));
    const once = pca(x, { k: 3 });
    expect(once.solver).toBe('subspace');
    expect(once.ratio.sum().item()).toBeGreaterThan(0.99);
    expect(pca(x, { k: 3 }).components.toNumbers()).toEqual(once.components.toNumbers());
  });

  it('takes tables without spread and of less rank than asked for', () => {
    const flat = pca(torch.ones([6, 4]), { k: 2, whiten: true });
    expect(flat.variance.toNumbers()).toEqual([0, 0]);
    expect(flat.ratio.toNumbers()).toEqual([0, 0]);
    expect(flat.scores.abs().max().item()).toBe(0);
    const wide = pca(slanted(4, 9, 5), { k: 4, whiten: true });
    expect(gap(wide.components.mm(wide.components.t()), torch.eye(4, { dtype: 'float64' }))).toBeLessThan(1e-9);
    expect(wide.scores.select(1, 3).abs().max().item()).toBe(0);
  });

  it('refuses what has no such components', () => {
    expect(() => pca(torch.ones([5, 3]), { k: 4 })).toThrow('ask for 1 to 3 components');
    expect(() => pca(torch.ones([5, 3]), { k: 1.5 })).toThrow('1.5 components of 5 rows');
    expect(() => pca(torch.ones([1, 3]), { k: 1 })).toThrow('pass at least two rows');
    expect(() => pca(tensor([1, NaN, 3, 4], [2, 2]), { k: 1 })).toThrow('row 0 of the table is not finite');
    expect(() => pca(torch.ones([4]), { k: 1 })).toThrow('the table has the shape [4]');
    expect(() => pca(torch.ones([5, 3]), { k: 1, signal: AbortSignal.abort(new Error('enough')) })).toThrow('enough');
    const axes = pca(slanted(9, 3, 6), { k: 2 });
    expect(() => principalScores(torch.ones([2, 4]), axes)).toThrow('the rows have 4 columns, the components 3');
  });

  it('leaves no tensor behind', () => {
    const x = slanted(50, 5, 7);
    const before = liveTensors();
    for (const solver of ['exact', 'subspace'] as const) {
      for (const kept of Object.values(pca(x, { k: 2, solver }))) if (typeof kept !== 'string') kept.dispose();
    }
    expect(liveTensors()).toBe(before);
  });
});
