import { editDistance } from '../base/index.ts';
import { normaliseWord, type NounGraph } from './nouns.ts';
import type { SpaceWord } from './text-space.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Entries of a noun's ancestors, itself the first, that still help the one who asked. */
const farthest = 1;
/** Letters that may be wrong. */
const editShare = 0.4;
/** Synset of "object": what is not below it is no thing that can be seen. */
const physicalObject = 'n00002684';

/**
 * Known words near one that is not known: those just above it in WordNet ("sparrow": bird) or, where it has no such noun, those
 * written alike ("tabyb": tabby).
 *
 * @returns at most `count`, the nearest first; none where nothing is near
 */
export function suggestWords({ words, bySynset }: Vocabulary, nouns: NounGraph, text: string, count = 3): string[] {
  const near = new Set<string>();
  const lines = nouns.senses(text).map(({ id }) => nouns.ancestors(id));
  for (let steps = 0; steps <= farthest; steps++) {
    for (const line of lines) {
      const word = words[bySynset.get(line[steps] ?? '') ?? -1];
      if (word !== undefined && line.includes(physicalObject)) near.add(word.text);
    }
  }
  if (lines.length === 0) for (const word of writtenAlike(words, normaliseWord(text))) near.add(word);
  return [...near].slice(0, count);
}

/** A word that WordNet lacks is probably mistyped. */
function writtenAlike(words: readonly SpaceWord[], text: string): string[] {
  return words
    .map((word) => ({ text: word.text, edits: editDistance(text, normaliseWord(word.text)) }))
    .filter(({ edits }) => edits <= Math.floor(editShare * text.length))
    .sort((a, b) => a.edits - b.edits || a.text.localeCompare(b.text, 'en'))
    .map((word) => word.text);
}
