import type { Tensor } from '@muster/torch';
import { chooseNames, defaultNamingRules, type GroupName, type NamingRules } from './choose-names.ts';
import { groupSizes, meanShares } from './mean-shares.ts';
import type { NounGraph } from './nouns.ts';
import type { SpaceWord, TextSpace } from './text-space.ts';

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
  const sizes = groupSizes(labels, groups);
  const shares = meanShares((rows) => space.shares(rows), space.kinds, embeddings, labels, sizes);
  return chooseNames(shares, sizes, words, (word) => nouns.usage(word), rules);
}
