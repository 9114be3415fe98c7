import { describe, expect, test } from 'vitest';
import { loadImageClasses } from './classes.ts';
import { loadNouns } from './nouns.ts';
import { parseNounList, wordsForNouns, wordsUnder } from './restrict-words.ts';
import { suggestWords } from './suggest-words.ts';
import { buildVocabulary } from './vocabulary.ts';

const nouns = loadNouns();
const vocabulary = buildVocabulary(nouns, loadImageClasses());

describe('a list of nouns', () => {
  test('one a line, without comments, blank lines and repeats', () => {
    expect(parseNounList('dog\r\n\n  Fire_engine  # red\ndog\nDOG\n# none\n', 'list')).toEqual(['dog', 'Fire_engine']);
    expect(() => parseNounList('# only\n\n', 'list.txt')).toThrow(/list\.txt: holds no noun/u);
  });

  test('gives the words of all known meanings, shown as given, and names the others', () => {
    const { words, unknown } = wordsForNouns(vocabulary, nouns, ['dogs', 'zxqv', 'crane', 'self-propelled_vehicle']);
    expect(unknown).toEqual(['zxqv']);
    expect(words.map(({ text }) => text)).toEqual(['dogs', 'crane', 'crane', 'self-propelled_vehicle']);
    expect(words[0]?.below).toHaveLength(118);
    expect(words[1]?.below).not.toEqual(words[2]?.below);
    expect(() => wordsForNouns(vocabulary, nouns, ['zxqv'])).toThrow(/"zxqv"/u);
  });
});

describe('the branch below a noun', () => {
  test('holds every word below it, not the noun itself, and no other', () => {
    const texts = wordsUnder(vocabulary, nouns, 'animal').map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['tench', 'dog', 'bird']));
    expect(texts).not.toContain('animal');
    expect(texts).not.toContain('motor vehicle');
    const dogs = wordsUnder(vocabulary, nouns, 'n02084071');
    expect(dogs.every(({ below }) => below.length < 118)).toBe(true);
    expect(dogs.length).toBeGreaterThan(118);
  });

  test('a noun above all that can be told apart restricts nothing but itself', () => {
    expect(wordsUnder(vocabulary, nouns, 'entity')).toHaveLength(vocabulary.words.length);
  });

  test('what is no noun, or has nothing below it, is refused with a way out', () => {
    expect(() => wordsUnder(vocabulary, nouns, 'zxqv')).toThrow(/no noun of WordNet.*wider noun/u);
    expect(() => wordsUnder(vocabulary, nouns, 'tench')).toThrow(/nothing .* below "tench"/u);
    expect(() => wordsUnder(vocabulary, nouns, 'n99999999')).toThrow(/n99999999/u);
  });
});

describe('suggestions', () => {
  test('the word above it in WordNet, or else words written alike', () => {
    expect(suggestWords(vocabulary, nouns, 'sparrow')[0]).toMatch(/bird|oscine|passerine/u);
    expect(suggestWords(vocabulary, nouns, 'tabyb')[0]).toBe('tabby');
    expect(suggestWords(vocabulary, nouns, 'heart')).toEqual([]);
    expect(suggestWords(vocabulary, nouns, 'zxqvzxqvzxqv')).toEqual([]);
  });
});
