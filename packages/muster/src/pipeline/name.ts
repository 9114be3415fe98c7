import type { Tensor } from '@muster/torch';
import { EmbeddedTextSpace, loadImageClasses, loadNouns, nameGroups } from '../language/index.ts';
import type { GroupName, SpaceWord } from '../language/index.ts';
import type { Backbone } from '../models/index.ts';
import { percent } from '../report/index.ts';

/**
 * Names groups in the words that come with the backbone; all null where it has none.
 *
 * @param embeddings (N, D) as the backbone gives them
 * @param words those to choose among; by default all
 */
export function nameWithBackbone(
  backbone: Backbone,
  embeddings: Tensor,
  labels: Int32Array,
  groups: number,
  words?: readonly SpaceWord[],
): GroupName[] {
  const { classifier } = backbone;
  if (classifier === null) return Array.from({ length: groups }, () => ({ name: null, best: null, runnerUp: null }));
  const nouns = loadNouns();
  const space = new EmbeddedTextSpace(classifier, nouns, loadImageClasses());
  try {
    return nameGroups(space, nouns, embeddings, labels, groups, words);
  } finally {
    space.dispose();
  }
}

/** A word that covers less of the group, or hardly more of it than of the rest, is not worth telling where there is no name. */
const worthTelling = 0.25;

/** Why a group has its name, or none, as a sentence. */
export function nameEvidence({ name, best, runnerUp }: GroupName): string | null {
  if (best === null) return null;
  const next =
    runnerUp === null || runnerUp.share === 0 ? '' : `; next is “${runnerUp.text}”, ${percent(runnerUp.share)}`;
  const fit = `${percent(best.share)} of the images here, ${percent(best.elsewhere)} elsewhere${next}`;
  if (name !== null) return `“${best.text}” fits ${fit}.`;
  const isTold = best.share >= worthTelling && best.share >= 2 * best.elsewhere;
  return isTold ? `No word clearly fits. The closest is “${best.text}”: ${fit}.` : 'No word clearly fits.';
}
