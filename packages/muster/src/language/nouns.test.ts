import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadImageClasses } from './classes.ts';
import { loadNouns, normaliseWord, nounList, parseNouns } from './nouns.ts';
import { buildVocabulary } from './vocabulary.ts';

describe('WordNet nouns', () => {
  const nouns = loadNouns();

  test('the asset is whole: 82,115 synsets, 146,347 lemmas, every hypernym among them', () => {
    let lemmas = 0;
    for (const synset of nouns) {
      lemmas += synset.lemmas.length;
      for (const parent of synset.hypernyms) expect(nouns.get(parent).id).toBe(parent);
    }
    expect(nouns.size).toBe(82_115);
    expect(lemmas).toBe(146_347);
    expect(nouns.get('n00001740')).toEqual({ id: 'n00001740', lemmas: ['entity'], hypernyms: [] });
  });

  test('the list of TAC follows: every lemma in order, repeats and underscores kept', () => {
    const list = nounList(nouns, 'tac-file');
    expect(list).toHaveLength(146_347);
    expect(list.slice(0, 3)).toEqual(['entity', 'physical_entity', 'abstraction']);
    expect(list.filter((word) => word === 'head')).toHaveLength(33);
    expect(list.filter((word) => word.includes('_'))).toHaveLength(62_408);
    expect(createHash('sha256').update(list.join('\n')).digest('hex')).toBe(
      '506808f16d7c5c1b6b39b7ae541c6d321e732a39228311c9435e40d1a7d96801',
    );
  });

  test('the list of unique nouns has each once, with spaces', () => {
    const list = nounList(nouns, 'unique');
    expect(list).toHaveLength(119_034);
    expect(new Set(list).size).toBe(list.length);
    expect(list.slice(0, 2)).toEqual(['entity', 'physical entity']);
    expect(list.some((word) => word.includes('_'))).toBe(false);
  });

  test('a word is found in any case, with underscores, and in the plural', () => {
    const dog = nouns.get('n02084071');
    for (const word of ['dog', 'Dog', 'dogs', ' DOGS ']) expect(nouns.senses(word)).toContain(dog);
    expect(nouns.senses('fire_engines').map(({ lemmas }) => lemmas[0])).toContain('fire engine');
    expect(nouns.senses('butterflies').map(({ lemmas }) => lemmas[0])).toContain('butterfly');
    expect(nouns.senses('policemen').length).toBeGreaterThan(0);
    expect(nouns.senses('zxqv')).toEqual([]);
    expect(normaliseWord('  Great_White  Shark ')).toBe('great white shark');
  });

  test('ancestors lead from a terrier to entity, itself first and none twice', () => {
    const [terrier] = nouns.senses('Boston terrier');
    const ancestors = nouns.ancestors(terrier?.id ?? '');
    expect(ancestors[0]).toBe(terrier?.id);
    expect(ancestors).toEqual(expect.arrayContaining(['n02084071', 'n00015388', 'n00001740']));
    expect(new Set(ancestors).size).toBe(ancestors.length);
  });

  test('everyday words are used more than technical ones', () => {
    expect(nouns.usage('dog')).toBeGreaterThan(20 * nouns.usage('placental'));
  });

  test('a line of another form is refused by number', () => {
    expect(() => parseNouns('n00001740\tentity\t\nn1\tx\t\n', 'list')).toThrow(/list, line 2/u);
    expect(() => nouns.get('n99999999')).toThrow(/n99999999/u);
  });
});

describe('vocabulary', () => {
  const nouns = loadNouns();
  const classes = loadImageClasses();
  const { words, bySynset } = buildVocabulary(nouns, classes);

  test('1,000 classes and 390 different sets above them', () => {
    expect(classes).toHaveLength(1000);
    expect(words).toHaveLength(1390);
    expect(words.slice(0, 1000).every(({ below }, index) => below.length === 1 && below[0] === index)).toBe(true);
    const sets = words.map(({ below }) => below.join());
    expect(new Set(sets).size).toBe(sets.length);
    expect(Math.max(...words.map(({ below }) => below.length))).toBeLessThanOrEqual(400);
  });

  test('a word spans just the classes that have it above them', () => {
    const dog = words[bySynset.get('n02084071') ?? -1];
    expect(dog?.text).toBe('dog');
    expect(dog?.below).toEqual(
      classes.filter(({ synset }) => nouns.ancestors(synset).includes('n02084071')).map(({ index }) => index),
    );
    expect(dog?.below).toHaveLength(118);
  });
});
