import { generator, liveTensors, setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { combine, components, multiplier, rowSums, sparseFromLists, toDense, transpose } from './sparse-rows.ts';
import type { SparseRows } from './sparse-rows.ts';
import { spectralClustering, spectralPartition } from './spectral.ts';
import { spectralEmbedding } from './spectral-embedding.ts';
import { largestEigenpairs } from './subspace-iteration.ts';

beforeAll(() => setThreads(1));

/** A random symmetric graph in which rows only know rows of their own part. */
function randomGraph(parts: number, each: number, k: number, seed: number): SparseRows {
  const n = parts * each;
  const g = generator(seed);
  const within = torch.randint(0, each, [n, k], { generator: g, dtype: 'int64' }).toNumbers();
  const indices = within.map((member, at) => Math.floor(Math.floor(at / k) / each) * each + member);
  const distinct = indices.map((j, at) => (indices.indexOf(j, at - (at % k)) < at ? -1 : j));
  const lists = sparseFromLists(distinct, torch.rand([n * k], { generator: g, dtype: 'float64' }).toNumbers(), n, k);
  return combine(lists, transpose(lists), (a, b) => a + b);
}

/** Two rings, one inside the other, that no centre separates. */
function rings(each: number): { x: Tensor; truth: number[] } {
  const truth = Array.from({ length: 2 * each }, (_, i) => i % 2);
  const rows = truth.map((ring, i) => [
    Math.cos((i * Math.PI) / each) * (1 + 2 * ring),
    Math.sin((i * Math.PI) / each) * (1 + 2 * ring),
  ]);
  return { x: tensor(rows), truth };
}

describe('sparse rows', () => {
  test('agree with the whole matrix', () => {
    const graph = randomGraph(2, 20, 3, 1);
    const dense = toDense(graph);
    expect(dense.sub(dense.t()).abs().max().item()).toBeLessThan(1e-15);
    expect(
      tensor(rowSums(graph))
        .sub(dense.sum([1]))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-12);
    const x = torch.randn([40, 5], { generator: generator(2), dtype: 'float64' });
    expect(multiplier(graph)(x).sub(dense.mm(x)).abs().max().item()).toBeLessThan(1e-12);
    expect(multiplier(graph)(x.to('float32')).sub(dense.mm(x)).abs().max().item()).toBeLessThan(1e-5);
    const half = combine(graph, graph, (a, b) => (a < 0.5 ? 0 : a * b));
    expect(
      toDense(half)
        .sub(torch.where(dense.lt(0.5), torch.zerosLike(dense), dense.square()))
        .abs()
        .max()
        .item(),
    ).toBe(0);
  });

  test('rows out of order, without entries, left out', () => {
    const a = sparseFromLists([2, 0, -1, -1, 1, -1], [5, 6, 9, 9, 7, 9], 3, 2);
    expect(toDense(a).toNested()).toEqual([[6, 0, 5], [0, 0, 0], [0, 7, 0]]); // prettier-ignore
    expect(toDense(transpose(a)).toNested()).toEqual([[6, 0, 0], [0, 0, 7], [5, 0, 0]]); // prettier-ignore
    expect([...components(a).labels]).toEqual([0, 0, 0]);
  });
});

describe('largestEigenpairs', () => {
  test('agrees with a direct solver, with multiple eigenvalues and known vectors', () => {
    const n = 300;
    const basis = torch.linalgQr(torch.randn([n, n], { generator: generator(3), dtype: 'float64' }))[0];
    const values = torch.linspace(-1, 0.9, n, { dtype: 'float64' });
    for (const [i, value] of [[n - 1, 1], [n - 2, 0.97], [n - 3, 0.97], [n - 4, 0.95]] as const) values.select(0, i).fill_(value); // prettier-ignore
    const matrix = basis.mul(values).mm(basis.t());
    const multiply = (x: Tensor): Tensor => matrix.to(x.dtype).mm(x);
    const known = basis.narrow(1, n - 1, 1).contiguous();
    const found = largestEigenpairs(multiply, n, { k: 3, known, generator: generator(4) });
    expect(found.residual).toBeLessThan(1e-6);
    [0.97, 0.97, 0.95].forEach((value, i) => expect(found.values.toNumbers()[i]).toBeCloseTo(value, 9));
    const truth = basis.narrow(1, n - 4, 3);
    const projections = found.vectors.mm(found.vectors.t()).sub(truth.mm(truth.t()));
    expect(projections.abs().max().item()).toBeLessThan(1e-5);
  });
});

describe('spectralEmbedding', () => {
  test('the iteration on sparse rows agrees with the whole matrix', () => {
    const graph = randomGraph(3, 700, 4, 6); // 2,100 rows: by iteration
    const { eigenvalues, subspace, residual } = spectralEmbedding(graph, { k: 5, generator: generator(1) });
    expect(residual).toBeLessThan(1e-6);
    expect(eigenvalues.narrow(0, 0, 3).toNumbers()).toEqual([0, 0, 0]);
    const plain = toDense(graph);
    plain.diagonal().zero_();
    const roots = plain.sum([1]).rsqrt();
    const laplacian = torch.eye(2100, { dtype: 'float64' }).sub(plain.mul(roots.unsqueeze(1)).mul(roots));
    const error = laplacian.mm(subspace).sub(subspace.mul(eigenvalues));
    expect(error.abs().max().item()).toBeLessThan(1e-6);
    expect(
      subspace
        .t()
        .mm(subspace)
        .sub(torch.eye(5, { dtype: 'float64' }))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-9);
    expect(
      torch
        .linalgEigvalsh(laplacian.narrow(0, 0, 700).narrow(1, 0, 700))
        .select(0, 0)
        .item(),
    ).toBeCloseTo(0, 9);
  });

  test('rows without affinities are components of their own', () => {
    const affinity = torch.zeros([4, 4], { dtype: 'float64' });
    affinity.select(0, 0).select(0, 1).fill_(1);
    affinity.select(0, 1).select(0, 0).fill_(1);
    const { eigenvalues } = spectralEmbedding(affinity, { k: 4, generator: generator(1) });
    [0, 0, 0, 2].forEach((value, i) => expect(eigenvalues.toNumbers()[i]).toBeCloseTo(value, 12));
  });
});

describe('spectralClustering', () => {
  test.each(['knn', 'rbf', 'self-tuning'] as const)('separates rings, twice the same (%s)', (affinity) => {
    const { x, truth } = rings(120);
    const fit = (): number[] =>
      spectralClustering(x, { k: 2, affinity, gamma: 8, generator: generator(3) }).labels.toNumbers();
    const labels = fit();
    expect(labels.every((label, i) => (label === labels[0]) === (truth[i] === truth[0]))).toBe(true);
    expect(fit()).toEqual(labels);
  });

  test('a sparse self-tuned graph, and one in more parts than groups', () => {
    const { x, truth } = rings(120);
    const { labels } = spectralClustering(x, { k: 2, affinity: 'self-tuning', neighbours: 8, generator: generator(3) });
    expect(
      labels.toNumbers().every((label, i) => (label === labels.select(0, 0).item()) === (truth[i] === truth[0])),
    ).toBe(true);
    const far = torch.cat([x, x.add(100), x.add(103), x.add(200)]); // eight parts, three groups
    const joined = spectralClustering(far, { k: 3, neighbours: 6, generator: generator(3) });
    const pairs = joined.labels.toNumbers().map((label, i) => `${label} ${Math.floor(i / 240)} ${truth[i % 240]}`);
    expect(new Set(pairs).size).toBe(8); // no part is split
    expect(new Set(joined.labels.toNumbers()).size).toBe(3);
  });

  test('equal rows survive, what cannot be is refused, no tensor is left behind', () => {
    const g = generator(1);
    expect(spectralClustering(torch.ones([30, 2]), { k: 3, generator: g }).labels.shape).toEqual([30]);
    const before = liveTensors();
    expect(() => spectralClustering(torch.ones([3, 2]), { k: 4, generator: g })).toThrow(/4 groups of 3 rows/);
    expect(() => spectralClustering(tensor([[1, NaN], [1, 2]]), { k: 1, generator: g })).toThrow(/not finite/); // prettier-ignore
    expect(() => spectralPartition(tensor([[0, 1], [2, 0]]), { k: 1, generator: g })).toThrow(/symmetric/); // prettier-ignore
    expect(liveTensors()).toBeLessThanOrEqual(before + 3); // the tables that the test itself made
  });
});
