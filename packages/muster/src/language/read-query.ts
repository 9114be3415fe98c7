import { normaliseWord } from './nouns.ts';
import type { TextSpace } from './text-space.ts';

/** A query taken apart: the phrases that the text space can place, and the words it cannot. */
export interface Query {
  /** In the order of the query, without repeats. */
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}

/** Words that join others and name nothing; WordNet has nouns of some of these letters. */
const joining = new Set('a an the of and or with in on at by to from for some photo picture image'.split(' '));

/**
 * Takes a query apart. The whole of it is tried first, then the longest phrases from the left, so that "red fire engine"
 * is "red" and "fire engine". Words that only join others are passed over where no phrase holds them.
 */
export function readQuery(space: TextSpace, text: string): Query {
  const words = normaliseWord(text.replace(/[^\p{L}\p{N}'_\s-]+/gu, ' '))
    .split(' ')
    .filter((word) => word !== '');
  const known = new Set<string>();
  const unknown = new Set<string>();
  for (let start = 0; start < words.length;) {
    const phrase = longestKnown(space, words.slice(start));
    if (phrase !== null) known.add(phrase.join(' '));
    else if (!joining.has(words[start] ?? '')) unknown.add(words[start] ?? '');
    start += phrase?.length ?? 1;
  }
  return { known: [...known], unknown: [...unknown] };
}

function longestKnown(space: TextSpace, words: readonly string[]): readonly string[] | null {
  const phrases = words.map((_, end) => words.slice(0, end + 1)).reverse();
  const { vectors, known } = space.encode(phrases.map((phrase) => phrase.join(' ')));
  vectors.dispose();
  return phrases.find((_, at) => known[at]) ?? null;
}
