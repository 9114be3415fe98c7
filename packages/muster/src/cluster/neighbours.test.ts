import type { Tensor } from '@muster/torch';
import { generator, scope, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { nearestNeighbours } from './index.ts';
import type { NeighbourMetric } from './index.ts';

/**
 * Neighbours of some rows by all their float64 scores and a stable sort: ties go to the lower index.
 * @param self the asking rows' own places in x, which are left out; null where they are no rows of x
 */
function plain(
  x: Tensor,
  query: Tensor,
  k: number,
  metric: NeighbourMetric,
  self: readonly number[] | null,
): number[][] {
  return scope(() => {
    const unit = (rows: Tensor): Tensor => rows.div(torch.linalgVectorNorm(rows, 2, [1], true).clampMin(1e-12));
    const prepare = (rows: Tensor): Tensor => (metric === 'cosine' ? unit(rows.to('float64')) : rows.to('float64'));
    const [a, b] = [prepare(query), prepare(x)];
    const products = a.mm(b.t());
    const squares = (rows: Tensor): Tensor => rows.mul(rows).sum([1]);
    const scores = metric === 'euclidean' ? products.mul(2).sub(squares(a).unsqueeze(1)).sub(squares(b)) : products;
    const own = self === null ? null : tensor(BigInt64Array.from(self, BigInt)).unsqueeze(1);
    const [, order] = (own === null ? scores : scores.scatter(1, own, -Infinity)).sort({
      stable: true,
      dim: 1,
      descending: true,
    });
    return lists(order.narrow(1, 0, k));
  });
}

/** The places of about 60 rows spread over n, the first and the last among them. */
function some(n: number): number[] {
  return Array.from({ length: 60 }, (_, at) => Math.floor((at * (n - 1)) / 59));
}

function expectSelf(x: Tensor, k: number, metric: NeighbourMetric): void {
  const [n = 0] = x.shape;
  const rows = some(n);
  const at = tensor(BigInt64Array.from(rows, BigInt));
  const { indices } = nearestNeighbours(x, { k, metric });
  expect(lists(indices.indexSelect(0, at))).toEqual(plain(x, x.indexSelect(0, at), k, metric, rows));
}

function lists(indices: Tensor): number[][] {
  const [m = 0, k = 0] = indices.shape;
  const flat = indices.reshape([-1]).toNumbers();
  return Array.from({ length: m }, (_, row) => flat.slice(row * k, (row + 1) * k));
}

const metrics = ['ip', 'cosine', 'euclidean'] as const;

describe('nearestNeighbours', () => {
  it.each(metrics)('%s: equals a full table, with and without self, and for queries', (metric) => {
    const x = torch.randn([60, 6], { generator: generator(1) });
    const query = torch.randn([30, 6], { generator: generator(2) });
    expectSelf(x, 7, metric);
    expect(lists(nearestNeighbours(x, { k: 7, metric, includeSelf: true }).indices)).toEqual(
      plain(x, x, 7, metric, null),
    );
    expect(lists(nearestNeighbours(x, { k: 60, metric, query }).indices)).toEqual(plain(x, query, 60, metric, null));
  });

  it.each(metrics)('%s: equals a full table through blocks', (metric) => {
    expectSelf(torch.randn([9001, 12], { generator: generator(3) }), 5, metric);
  });

  it.each(['ip', 'euclidean'] as const)('%s: gives ties across blocks to the lower index', (metric) => {
    expectSelf(torch.randint(0, 4, [9001, 3], { generator: generator(4), dtype: 'float32' }), 5, metric);
  });

  it('takes large float32 tables in blocks, and queries of another size', () => {
    const random = generator(5);
    const x = torch.randn([8300, 130], { generator: random });
    expect(x.numel).toBeGreaterThan(2 ** 20);
    expectSelf(x, 9, 'euclidean');
    const query = torch.randn([4200, 130], { generator: random });
    const found = lists(nearestNeighbours(x, { k: 3, metric: 'ip', query }).indices);
    expect(found).toHaveLength(4200);
    expect(found.slice(-50)).toEqual(plain(x, query.narrow(0, 4150, 50), 3, 'ip', null));
  });

  it('takes more neighbours than there are groups of columns', () => {
    expectSelf(torch.randn([4200, 3], { generator: generator(6) }), 100, 'euclidean');
  });

  it('gives inner products, cosines and distances that are not squared', () => {
    const x = tensor([3, 4, 6, 8, 0, 0, -3, -4], [4, 2]);
    expect(nearestNeighbours(x, { k: 1, metric: 'ip' }).values.toNumbers()).toEqual([50, 50, 0, 0]);
    expect(nearestNeighbours(x, { k: 1, metric: 'euclidean' }).values.toNumbers()).toEqual([5, 5, 5, 5]);
    const { indices, values } = nearestNeighbours(x, { k: 3, metric: 'cosine' });
    expect(indices.narrow(0, 2, 1).toNumbers()).toEqual([0, 1, 3]);
    expect(values.narrow(0, 2, 1).toNumbers()).toEqual([0, 0, 0]);
    expect(values.select(0, 0).toNumbers()[0]).toBeCloseTo(1, 12);
  });

  it('keeps small distances far from the origin', () => {
    const x = torch.randn([9000, 128], { generator: generator(7) });
    const near = nearestNeighbours(x, { k: 4, metric: 'euclidean' });
    const far = nearestNeighbours(x.add(256), { k: 4, metric: 'euclidean' });
    expect(far.indices.ne(near.indices).sum().item()).toBeLessThan(20);
    expect(far.values.sub(near.values).abs().max().item()).toBeLessThan(1e-3);
  });

  it('never lists a row as its own neighbour, even among equal rows', () => {
    const { indices } = nearestNeighbours(torch.ones([5000, 2]), { k: 2, metric: 'euclidean' });
    expect(lists(indices).slice(0, 4)).toEqual([
      [1, 2],
      [0, 2],
      [0, 1],
      [0, 1],
    ]);
    expect(lists(indices).at(-1)).toEqual([0, 1]);
  });

  it('refuses what it cannot answer', () => {
    const x = torch.ones([4, 2]);
    expect(() => nearestNeighbours(x, { k: 4 })).toThrow('4 neighbours among 3 rows');
    expect(() => nearestNeighbours(x, { k: 0 })).toThrow('0 neighbours among 3 rows');
    expect(() => nearestNeighbours(x, { k: 1, query: torch.ones([1, 3]) })).toThrow(
      'the query has 3 columns, the table 2',
    );
    expect(() => nearestNeighbours(tensor([1, NaN], [2, 1]), { k: 1 })).toThrow('row 1 of the table is not finite');
  });
});
