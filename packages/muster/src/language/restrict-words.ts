import { MusterError } from '../base/index.ts';
import { normaliseWord, type NounGraph, type Synset } from './nouns.ts';
import { suggestWords } from './suggest-words.ts';
import type { SpaceWord } from './text-space.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A choice among the words of a text space. */
export interface RestrictedWords {
  readonly words: readonly SpaceWord[];
  /** Given nouns that the text space does not know: to be named to the user. */
  readonly unknown: readonly string[];
}

/**
 * Nouns from text of one noun a line; blank lines and what follows a # are passed over, of repeats the first counts.
 * @throws MusterError `language.noun-list` where no noun is left
 */
export function parseNounList(text: string, name: string): readonly string[] {
  const lines = text.split(/\r\n?|\n/u).map((line) => line.replace(/#.*$/u, '').trim());
  const seen = new Set<string>(['']);
  const nouns = lines.filter((line) => seen.size < seen.add(normaliseWord(line)).size);
  if (nouns.length > 0) return nouns;
  throw new MusterError('language.noun-list', 'holds no noun', { where: name, fix: 'write one noun on each line' });
}

/**
 * The words for given nouns, in their order. A noun of several known meanings ("crane") gives a word for each, and every
 * word is shown as the noun was given.
 *
 * @throws MusterError `language.noun-list` where none of them is known
 */
export function wordsForNouns(vocabulary: Vocabulary, nouns: NounGraph, list: readonly string[]): RestrictedWords {
  const words: SpaceWord[] = [];
  const unknown: string[] = [];
  for (const text of list) {
    const found = new Set(nouns.senses(text).flatMap(({ id }) => vocabulary.bySynset.get(id) ?? []));
    if (found.size === 0) unknown.push(text);
    for (const index of found) {
      const word = vocabulary.words[index];
      if (word !== undefined) words.push({ ...word, text });
    }
  }
  if (words.length > 0) return { words, unknown };
  throw new MusterError('language.noun-list', `none of the ${list.length} nouns is known, such as "${list[0] ?? ''}"`, {
    kind: 'usage',
    fix: 'use nouns of things that ImageNet-1k or WordNet above it name, such as dog, vehicle or clock',
  });
}

/**
 * The words below a noun, all meanings of the noun taken together: groups are then named by this aspect of their images.
 *
 * @param noun a word, or a synset's id
 * @param among the words to choose from; by default all
 * @throws MusterError `language.under` where WordNet has no such noun, or nothing known lies below it
 */
export function wordsUnder(
  vocabulary: Vocabulary,
  nouns: NounGraph,
  noun: string,
  among: readonly SpaceWord[] = vocabulary.words,
): readonly SpaceWord[] {
  const roots = new Set(rootsOf(nouns, noun).map(({ id }) => id));
  const below = among.filter(({ id }) => !roots.has(id) && nouns.ancestors(id).some((above) => roots.has(above)));
  if (below.length > 0) return below;
  const near = suggestWords(vocabulary, nouns, noun);
  throw new MusterError(
    'language.under',
    roots.size === 0 ? `"${noun}" is no noun of WordNet 3.0` : `nothing that the backbone knows lies below "${noun}"`,
    {
      kind: 'usage',
      fix: `use a wider noun, such as ${near.length > 0 ? near.join(', ') : 'animal, vehicle or food'}`,
    },
  );
}

function rootsOf(nouns: NounGraph, noun: string): readonly Synset[] {
  return /^n\d{8}$/u.test(noun) ? [nouns.get(noun)] : nouns.senses(noun);
}
