import type { Tensor } from '@muster/torch';
import { generator } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, it } from 'vitest';
import { assignAgain, assignRows } from './nearest-centre.ts';
import { prepareRows } from './prepared-rows.ts';
import { projectRows, unsureRows } from './projected-rows.ts';

const n = 20_000;
const d = 256;
const k = 12;

/** Groups in a space whose directions matter less and less, as those of image features do. */
function features(seed: number): Tensor {
  const random = generator(seed);
  const groups = torch.randn([40, d], { generator: random }).mul(2);
  const own = torch.randint(0, 40, [n], { generator: random, dtype: 'int64' });
  const decay = torch.arange(1, d + 1, 1, { dtype: 'float32' }).pow(-0.8);
  return groups
    .indexSelect(0, own)
    .add(torch.randn([n, d], { generator: random }))
    .mul(decay);
}

/** Mean of each group: float64 [k, d]. */
function means(x: Tensor, labels: Tensor): Tensor {
  const sums = torch.zeros([k, d], { dtype: 'float64' }).indexAdd(0, labels, x.to('float64'));
  return sums.div(torch.bincount(labels, undefined, k).clampMin(1).unsqueeze(1));
}

describe('bounds from a few directions', () => {
  it.each(['euclidean', 'spherical'] as const)(
    '%s: leave few rows in doubt, and every changed one among them',
    (metric) => {
      const x = features(1).add(metric === 'spherical' ? 0.5 : 0);
      const rows = prepareRows(x, metric);
      let labels = assignRows(rows, x.narrow(0, 0, k).to('float64'), true);
      let centres = means(x, labels);
      const projected = projectRows(rows, centres, labels);
      if (projected === null) throw new Error('no directions were chosen');
      for (let round = 0; round < 6; round++) {
        const doubtful = unsureRows(projected, rows, centres, labels);
        const full = assignRows(rows, centres, false);
        const changed = full.ne(labels);
        expect(doubtful.numel).toBeLessThan(0.8 * n);
        expect(changed.sum().item()).toBeGreaterThan(0);
        expect(assignAgain(rows, centres, labels, doubtful).ne(full).sum().item()).toBe(0);
        labels = full;
        centres = means(x, labels);
      }
      expect(unsureRows(projected, rows, centres, labels).numel).toBeLessThan(0.4 * n);
    },
  );

  it('hold for any centres, also for some that the directions do not see', () => {
    const x = features(2);
    const rows = prepareRows(x, 'euclidean');
    const labels = assignRows(rows, x.narrow(0, 0, k).to('float64'), true);
    const projected = projectRows(rows, means(x, labels), labels);
    if (projected === null) throw new Error('no directions were chosen');
    for (const scale of [0.01, 0.1, 1]) {
      const other = torch.randn([k, d], { generator: generator(3), dtype: 'float64' }).mul(scale);
      const full = assignRows(rows, other, false);
      expect(
        assignAgain(rows, other, full, unsureRows(projected, rows, other, full))
          .ne(full)
          .sum()
          .item(),
      ).toBe(0);
      const stale = unsureRows(projected, rows, other, labels);
      expect(assignAgain(rows, other, labels, stale).ne(full).sum().item()).toBe(0);
    }
  });

  it('are not used where no few directions hold the rows, in float64, or for small tables', () => {
    const noise = torch.randn([n, d], { generator: generator(4) });
    const noisy = prepareRows(noise, 'euclidean');
    const labels = assignRows(noisy, noise.narrow(0, 0, k).to('float64'), true);
    expect(projectRows(noisy, means(noise, labels), labels)).toBeNull();
    const small = features(5).narrow(0, 0, 4000);
    const few = prepareRows(small, 'euclidean');
    const own = assignRows(few, small.narrow(0, 0, k).to('float64'), true);
    expect(projectRows(few, means(small, own), own)).toBeNull();
  });
});
