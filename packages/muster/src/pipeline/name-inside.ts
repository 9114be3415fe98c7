import { scope, tensor, type Tensor } from '@muster/torch';
import type { GroupName, SpaceWord } from '../language/index.ts';
import type { Backbone } from '../models/index.ts';
import { nameWithBackbone } from './name.ts';

/**
 * Names groups from the images that are in one.
 *
 * @param labels group of each row; below 0: in none
 * @param classes names that the groups have already; null: they are sought
 * @param words those to choose among; by default all
 */
export function nameInside(
  backbone: Backbone,
  embeddings: Tensor,
  labels: Int32Array,
  groups: number,
  classes: readonly string[] | null,
  words?: readonly SpaceWord[],
): GroupName[] {
  if (classes !== null)
    return Array.from({ length: groups }, (_, at) => ({ name: classes[at] ?? null, best: null, runnerUp: null }));
  const inside = [...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0);
  if (inside.length === labels.length) return nameWithBackbone(backbone, embeddings, labels, groups, words);
  if (inside.length === 0) return [];
  return scope(() => {
    const rows = embeddings.indexSelect(0, tensor(BigInt64Array.from(inside, BigInt)));
    return nameWithBackbone(
      backbone,
      rows,
      Int32Array.from(inside, (row) => labels[row] ?? 0),
      groups,
      words,
    );
  });
}
