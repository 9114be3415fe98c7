import { beforeAll, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { generator, grad, scope, setThreads } from '@muster/torch';
import { scanLoss, selfLabelLoss, tspExactLoss, tspLoss, tspLossAndGradient } from './index.ts';

beforeAll(() => setThreads(1));

/** [heads, rows, clusters] float64 logits of some size. */
function logits(heads: number, rows: number, clusters: number, size = 1): torch.Tensor {
  using random = generator(rows * 7 + clusters);
  return torch.randn([heads, rows, clusters], { generator: random, dtype: 'float64' }).mul(size).requiresGrad_(true);
}

test.each([
  [1, 6, 4, 1],
  [3, 10, 2, 5],
  [2, 2, 1, 1],
  [1, 40, 7, 200],
])(
  'the derivative of %i heads, %i rows, %i clusters, logits of size %i is the graph’s',
  (heads, rows, clusters, size) => {
    scope(() => {
      const z = logits(heads, rows, clusters, size);
      const n = rows / 2;
      const { loss } = tspLoss(z.narrow(1, 0, n), z.narrow(1, n, n), { lambda: 3 });
      const [expected] = grad([loss.sum()], [z]);
      const got = tspLossAndGradient(z.detach().transpose(1, 2), { lambda: 3 });
      expect(got.loss.sub(loss.detach()).abs().max().item()).toBeLessThan(1e-9);
      expect(expected?.sub(got.gradient.transpose(1, 2)).abs().max().item()).toBeLessThan(1e-9);
    });
  },
);

test('heads side by side have the losses that each has alone', () => {
  scope(() => {
    const [a, b] = [logits(3, 8, 5), logits(3, 8, 5, 2)];
    for (const loss of [tspLoss(a, b, { lambda: 2 }).loss, scanLoss(a, b, { entropyWeight: 2 }).loss])
      expect(loss.shape).toEqual([3]);
    const alone = tspLoss(a.select(0, 1), b.select(0, 1), { lambda: 2 }).loss.item();
    expect(tspLoss(a, b, { lambda: 2 }).loss.select(0, 1).item()).toBeCloseTo(alone, 10);
  });
});

test('one neighbour of weight 1 makes the exact sum the sampled loss', () => {
  scope(() => {
    const [a, b] = [logits(1, 9, 4), logits(1, 9, 4, 3)];
    const weights = torch.ones([9, 1], { dtype: 'float64' });
    const exact = tspExactLoss(a, b.unsqueeze(2), weights, { lambda: 3 }).loss.item();
    expect(exact).toBeCloseTo(tspLoss(a, b, { lambda: 3 }).loss.item(), 10);
  });
});

test('without sure samples self-labelling has a loss of 0 and no gradient', () => {
  scope(() => {
    const strong = logits(1, 5, 3).detach().select(0, 0).requiresGrad_(true);
    const { loss, mask } = selfLabelLoss(torch.zeros([5, 3], { dtype: 'float64' }), strong, {
      threshold: 0.9,
      balance: true,
    });
    expect(mask.any().item()).toBe(0);
    expect(loss.item()).toBe(0);
    expect(grad([loss], [strong])[0]?.abs().max().item()).toBe(0);
  });
});
