import type { ImageClass } from './classes.ts';
import type { NounGraph } from './nouns.ts';
import type { SpaceWord } from './text-space.ts';

/** Above this many kinds a word says next to nothing ("whole", "object"). */
const maxBelow = 400;

/** What the embedded text space can say. */
export interface Vocabulary {
  /** One word a kind, then one for each distinct set of two or more kinds that some hypernym spans. */
  readonly words: readonly SpaceWord[];
  /** Every synset the space can place (classes and their hypernyms of at most 400 classes) -> index of its word. */
  readonly bySynset: ReadonlyMap<string, number>;
}

/**
 * The kinds and everything WordNet puts above them.
 *
 * Hypernyms that span the same kinds cannot be told apart by images; the most familiar of them (`NounGraph.usage`)
 * stands for all, the lower one on a tie. A hypernym of a single kind is that kind's word.
 */
export function buildVocabulary(nouns: NounGraph, classes: readonly ImageClass[]): Vocabulary {
  const words: SpaceWord[] = classes.map((kind) => word(nouns, kind.synset, [kind.index]));
  const bySynset = new Map(classes.map((kind) => [kind.synset, kind.index]));
  for (const [below, ids] of groupByKinds(nouns, classes)) {
    const single = below.length === 1 ? below[0] : undefined;
    const index = single ?? words.length;
    if (single === undefined) words.push(word(nouns, mostFamiliar(nouns, ids), below));
    for (const id of ids) if (!bySynset.has(id)) bySynset.set(id, index);
  }
  return { words, bySynset };
}

function word(nouns: NounGraph, id: string, below: readonly number[]): SpaceWord {
  return { id, text: nouns.get(id).lemmas[0] ?? id, below };
}

function groupByKinds(nouns: NounGraph, classes: readonly ImageClass[]): Iterable<[number[], string[]]> {
  const below = new Map<string, number[]>();
  for (const kind of classes) {
    for (const id of nouns.ancestors(kind.synset)) {
      const kinds = below.get(id);
      if (kinds === undefined) below.set(id, [kind.index]);
      else kinds.push(kind.index);
    }
  }
  const classIds = new Set(classes.map((kind) => kind.synset));
  const sets = new Map<string, [number[], string[]]>();
  for (const [id, kinds] of below) {
    if (kinds.length > maxBelow || classIds.has(id)) continue;
    const key = kinds.join();
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [kinds, [id]]);
    else set[1].push(id);
  }
  return sets.values();
}

function mostFamiliar(nouns: NounGraph, ids: readonly string[]): string {
  let best = '';
  let bestUsage = -1;
  for (const id of ids) {
    const usage = nouns.usage(nouns.get(id).lemmas[0] ?? '');
    if (usage > bestUsage) [best, bestUsage] = [id, usage];
  }
  return best;
}
