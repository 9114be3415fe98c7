import { beforeAll, expect, test, vi } from 'vitest';
import * as torch from '@muster/torch';
import { generator, scope, setThreads } from '@muster/torch';
import { silent } from '../base/index.ts';
import { acc } from '../metrics/index.ts';
import { ClusterHeads } from '../train/index.ts';
import type { EmbeddingData } from './method.ts';
import { tsp } from './tsp.ts';
import { gaussianWeights, headOfCentres } from './tsp/weights.ts';

const GROUPS = 4;
const context = { seed: 3, device: 'cpu', emit: silent } as const;
let data: EmbeddingData;
let truth: number[];

beforeAll(() => {
  setThreads(1);
  using random = generator(2);
  const draw = { generator: random, dtype: 'float32' } as const;
  const made = scope(() => {
    const labels = torch.arange(400, { dtype: 'int64' }).remainder(GROUPS);
    const centres = torch.randn([GROUPS, 16], draw);
    return {
      embeddings: centres.indexSelect(0, labels).add(torch.randn([400, 16], draw), { alpha: 0.5 }),
      labels: labels.toNumbers(),
    };
  });
  data = { embeddings: made.embeddings };
  truth = made.labels;
});

const short = { groups: GROUPS, epochs: 20, batch: 50, rate: 1e-2 };

test.each([
  ['the paper’s settings', {}],
  ['all neighbours, weighted', { pairs: 'exact' }],
  ['five neighbours alike', { neighbours: 5, weights: 'hard' }],
  ['a head that starts at random', { start: 'random' }],
  ['rows as they are, searched as they are', { rows: 'raw', search: 'raw' }],
  ['rows around their mean', { rows: 'centred' }],
  ['four heads, the best kept', { heads: 4, start: 'random' }],
  ['a hidden layer in each of two heads', { heads: 2, hidden: 16 }],
  ['no bias', { bias: false }],
  ['neighbours among a part of the rows', { pool: 200 }],
])('%s find planted groups', async (_name, options) => {
  const fitted = await tsp.fit(data, { ...short, ...options }, context);
  expect(acc(truth, fitted.own.labels)).toBeGreaterThan(0.95);
  fitted.dispose();
});

test('of several heads the one of least loss is kept', async () => {
  const fit = async (heads: number): Promise<number> => {
    const fitted = await tsp.fit(data, { ...short, heads, epochs: 1, start: 'random', rate: 1e-3 }, context);
    fitted.dispose();
    return fitted.values['loss'] ?? NaN;
  };
  expect(await fit(16)).toBeLessThan(await fit(1));
});

test.each([{ start: 'random' }, { hidden: 8 }, {}])(
  'heads go to the device however they begin: %o',
  async (options) => {
    const moved = vi.spyOn(ClusterHeads.prototype, 'to');
    const fitted = await tsp.fit(data, { ...short, ...options, epochs: 0 }, context);
    fitted.dispose();
    expect(moved).toHaveBeenCalledWith({ device: context.device });
    moved.mockRestore();
  },
);

test('neighbours among a part of the rows are told with their recall', async () => {
  const recall = async (pool: number | null): Promise<number | undefined> => {
    const fitted = await tsp.fit(data, { ...short, epochs: 0, pool }, context);
    fitted.dispose();
    return fitted.values['neighbourRecall'];
  };
  expect(await recall(200)).toBeCloseTo(0.5, 1);
  expect(await recall(null)).toBeUndefined();
});

test('a head that has not begun is told by its first confidence', async () => {
  const confidence = async (rows: 'raw' | 'unit'): Promise<number> => {
    const embeddings = scope(() => data.embeddings.mul(1e-3));
    const fitted = await tsp.fit({ embeddings }, { ...short, rows, epochs: 0 }, context);
    fitted.dispose();
    embeddings.dispose();
    return fitted.values['startConfidence'] ?? NaN;
  };
  expect(await confidence('raw')).toBeCloseTo(1 / GROUPS, 3);
  expect(await confidence('unit')).toBeGreaterThan(1 / GROUPS + 0.05);
});

test('neighbours that were found before are used', async () => {
  const nonsense = scope(() => {
    const indices = torch.arange(400, { dtype: 'int64' }).add(1).remainder(400).unsqueeze(1).repeat([1, 20]);
    return { indices, centred: false };
  });
  const fitted = await tsp.fit({ ...data, neighbours: nonsense }, { ...short, rows: 'unit', start: 'random' }, context);
  expect(acc(truth, fitted.own.labels)).toBeLessThan(0.9);
  fitted.dispose();
  nonsense.indices.dispose();
});

test('weights do not depend on the scale, and fall to exp(-2) at the third neighbour', () => {
  scope(() => {
    const x = torch.tensor([[0], [1], [2], [3], [9]], undefined, { dtype: 'float32' });
    const indices = torch.tensor([[1, 2, 3, 4]], undefined, { dtype: 'int64' });
    const [a = 0, , c = 0] = gaussianWeights(x, indices).weights.toNumbers();
    const [b = 0] = gaussianWeights(x.mul(1000), indices).weights.toNumbers();
    expect(b).toBeCloseTo(a, 6);
    expect(c / a).toBeCloseTo(Math.exp(-2 + 2 / 9), 5);
  });
});

test('a first head has rows of length 1 / sqrt(D)', () => {
  scope(() => {
    const head = headOfCentres(torch.randn([3, 25], { dtype: 'float32' }));
    for (const norm of torch.linalgVectorNorm(head, 2, [1]).toNumbers()) expect(norm).toBeCloseTo(1 / 5, 6);
  });
});
