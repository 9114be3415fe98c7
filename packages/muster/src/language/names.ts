import { scope, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { chooseNames, defaultNamingRules, type GroupName, type NamingRules } from './choose-names.ts';
import type { NounGraph } from './nouns.ts';
import type { SpaceWord, TextSpace } from './text-space.ts';

const chunk = 2048;

/**
 * Names the groups of a collection from all their images, not from a few examples.
 *
 * @param embeddings (N, D) float32 as the backbone gives them, not normalised
 * @param labels group of each row, 0..groups-1
 * @param words those to choose among; by default all that the space knows
 */
export function nameGroups(
  space: TextSpace,
  nouns: NounGraph,
  embeddings: Tensor,
  labels: Int32Array,
  groups: number,
  words: readonly SpaceWord[] = space.words,
  rules: NamingRules = defaultNamingRules,
): GroupName[] {
  const sizes = new Array<number>(groups).fill(0);
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const shares = meanShares(space, embeddings, labels, sizes);
  return chooseNames(shares, sizes, words, (word) => nouns.usage(word), rules);
}

/** For each group the mean over its images of the likelihood of each kind; zeros for an empty group. */
function meanShares(
  space: TextSpace,
  embeddings: Tensor,
  labels: Int32Array,
  sizes: readonly number[],
): Float64Array[] {
  const sums = scope(() => {
    const index = tensor(BigInt64Array.from(labels, BigInt));
    const total = torch.zeros([sizes.length, space.kinds], { dtype: 'float64' });
    for (let start = 0; start < labels.length; start += chunk) {
      const rows = Math.min(chunk, labels.length - start);
      scope(() => {
        const shares = space.shares(embeddings.narrow(0, start, rows)); // (rows, C)
        total.indexAdd_(0, index.narrow(0, start, rows), shares.to('float64'));
      });
    }
    return total.toFloat64Array();
  });
  return sizes.map((size, group) => {
    const row = sums.slice(group * space.kinds, (group + 1) * space.kinds);
    return size === 0 ? row : row.map((sum) => sum / size);
  });
}
