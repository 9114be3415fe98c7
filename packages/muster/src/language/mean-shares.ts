import { scope, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** Rows whose shares are held at a time. */
const chunk = 2048;

/** Rows of each group. @param labels group of each row; below 0: in none */
export function groupSizes(labels: Int32Array, groups: number): number[] {
  const sizes = new Array<number>(groups).fill(0);
  for (const label of labels) if (label >= 0) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}

/**
 * For each group the mean over its rows of how likely each word is; zeros for an empty group.
 *
 * @param shares (n, D) rows -> (n, width), how likely each word is for each row
 * @param rows (N, D)
 * @param labels group of each row; below 0: in none
 * @param sizes rows of each group
 * @returns [width] numbers for each group
 */
export function meanShares(
  shares: (rows: Tensor) => Tensor,
  width: number,
  rows: Tensor,
  labels: Int32Array,
  sizes: readonly number[],
): Float64Array[] {
  const groups = sizes.length;
  const sums = scope(() => {
    // One more row takes what belongs to no group.
    const index = tensor(BigInt64Array.from(labels, (label) => BigInt(label < 0 ? groups : label)));
    const total = torch.zeros([groups + 1, width], { dtype: 'float64' });
    for (let start = 0; start < labels.length; start += chunk) {
      const count = Math.min(chunk, labels.length - start);
      scope(() => {
        const block = shares(rows.narrow(0, start, count)); // (count, width)
        total.indexAdd_(0, index.narrow(0, start, count), block.to('float64'));
      });
    }
    return total.toFloat64Array();
  });
  return sizes.map((size, group) => {
    const row = sums.slice(group * width, (group + 1) * width);
    return size === 0 ? row : row.map((sum) => sum / size);
  });
}
