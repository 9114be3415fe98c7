import { generator, liveTensors, scope, setThreads, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { beforeAll, describe, expect, test } from 'vitest';
import { emMixture, gaussianMixture, mixturePosterior, partitionMixture } from './gaussian-mixture.ts';

beforeAll(() => setThreads(1));

const kinds = ['diag', 'full'] as const;

/** `each` rows around every centre, the second column wider than the first. */
function blobs(
  centres: readonly (readonly [number, number])[],
  each: number,
  seed: number,
): { x: Tensor; truth: number[] } {
  const g = generator(seed);
  const parts = centres.map((centre) =>
    torch
      .randn([each, 2], { generator: g, dtype: 'float64' })
      .mul(tensor([[0.5, 2]], null, { dtype: 'float64' }))
      .add(tensor([centre.slice()], null, { dtype: 'float64' })),
  );
  return { x: torch.cat(parts), truth: centres.flatMap((_, t) => Array<number>(each).fill(t)) };
}

/** Whether two labelings group alike. */
function samePartition(a: readonly number[], b: readonly number[]): boolean {
  return (
    new Set(a.map((label, i) => `${label} ${b[i]}`)).size === new Set(a).size && new Set(a).size === new Set(b).size
  );
}

describe('gaussianMixture', () => {
  test.each(kinds)('finds separated groups, twice the same (%s)', (covariance) => {
    const { x, truth } = blobs([[0, 0], [20, 0], [0, 40]], 60, 1); // prettier-ignore
    const fit = (): number[] => {
      const found = gaussianMixture(x, { k: 3, covariance, restarts: 2, generator: generator(7) });
      expect(found.converged).toBe(true);
      expect(found.weights.toNumbers().every((weight) => Math.abs(weight - 1 / 3) < 1e-6)).toBe(true);
      return mixturePosterior(x, found).labels.toNumbers();
    };
    expect(samePartition(fit(), truth)).toBe(true);
    expect(fit()).toEqual(fit());
  });

  test.each(kinds)('float32 agrees with float64 (%s)', (covariance) => {
    const { x } = blobs([[0, 0], [6, 3], [100, 40]], 80, 2); // prettier-ignore
    const labels = torch.arange(240, { dtype: 'int64' }).div(80, { roundingMode: 'floor' });
    const [wide, narrow] = [x, x.to('float32')].map((rows) =>
      emMixture(rows, partitionMixture(rows, labels, 3, covariance), { iterations: 5, tolerance: null }),
    );
    expect(narrow?.logLikelihood).toBeCloseTo(wide?.logLikelihood ?? NaN, 4);
    const [a, b] = [wide, narrow].map((fit) => fit?.covariances.toNumbers() ?? []);
    expect(a?.length).toBe(covariance === 'diag' ? 6 : 12);
    a?.forEach((value, i) => expect(Math.abs((b?.[i] ?? NaN) - value)).toBeLessThan(2e-3 * (1 + Math.abs(value))));
  });

  test.each(kinds)('the likelihood never falls, no tensor is left behind (%s)', (covariance) => {
    const { x } = blobs([[0, 0], [3, 1], [1, 5]], 50, 3); // prettier-ignore
    const labels = torch.arange(150, { dtype: 'int64' }).remainder(3);
    const start = partitionMixture(x, labels, 3, covariance);
    const before = liveTensors();
    const likelihoods = [1, 2, 4, 8, 16].map((iterations) =>
      scope(() => emMixture(x, start, { iterations, tolerance: null }).logLikelihood),
    );
    expect(liveTensors()).toBe(before);
    likelihoods.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual((likelihoods[i] ?? NaN) - 1e-9));
  });

  test.each(kinds)('rows that are all equal survive, NaN and too few rows are refused (%s)', (covariance) => {
    const same = torch.ones([10, 3]);
    const fit = gaussianMixture(same, { k: 2, covariance, generator: generator(1) });
    expect(mixturePosterior(same, fit).responsibilities.isfinite().all().item()).toBe(1);
    const nan = tensor([[1, 2], [NaN, 3], [2, 2]]); // prettier-ignore
    expect(() => gaussianMixture(nan, { k: 2, covariance, generator: generator(1) })).toThrow(/row 1 .* not finite/);
    expect(() => gaussianMixture(same, { k: 11, covariance, generator: generator(1) })).toThrow(/11 groups of 10 rows/);
  });

  test('a covariance that is no covariance is named', () => {
    const bad = { weights: torch.ones([1]), means: torch.zeros([1, 2]), covariances: tensor([[[1, 2], [2, 1]]]) }; // prettier-ignore
    expect(() => emMixture(torch.randn([5, 2], { generator: generator(1) }), bad)).toThrow(
      /component 0 is not positive definite/,
    );
  });
});
