import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { MusterError } from '../base/index.ts';

/** One meaning of WordNet: the words that share it and the meanings just above it. */
export interface Synset {
  /** `n` and the eight-digit offset of WordNet 3.0, e.g. `n02084071`. */
  readonly id: string;
  /** Words with spaces (not underscores), case kept; the first is the one most used. */
  readonly lemmas: readonly string[];
  /** Ids of the hypernyms and instance hypernyms; empty only for "entity". */
  readonly hypernyms: readonly string[];
}

/** WordNet's noun synsets in the order of the database, with the ways up and the words' meanings. */
export class NounGraph {
  readonly #synsets: ReadonlyMap<string, Synset>;
  #senses: ReadonlyMap<string, readonly Synset[]> | undefined;
  #usage: ReadonlyMap<string, number> | undefined;

  constructor(synsets: Iterable<Synset>) {
    this.#synsets = new Map(Array.from(synsets, (synset) => [synset.id, synset]));
  }

  get size(): number {
    return this.#synsets.size;
  }

  [Symbol.iterator](): IterableIterator<Synset> {
    return this.#synsets.values();
  }

  /** @throws MusterError `language.synset` when the id is not a noun synset of WordNet 3.0. */
  get(id: string): Synset {
    const synset = this.#synsets.get(id);
    if (synset === undefined) throw new MusterError('language.synset', `"${id}" is no noun synset of WordNet 3.0.`);
    return synset;
  }

  /** The synset and everything above it, the synset first, then breadth first. */
  ancestors(id: string): readonly string[] {
    const found = new Set([id]);
    for (const current of found) {
      for (const parent of this.get(current).hypernyms) found.add(parent);
    }
    return [...found];
  }

  /** All meanings of a word, in database order; the word as written, then its singular (WordNet's morphy rules for nouns). */
  senses(word: string): readonly Synset[] {
    this.#senses ??= indexSenses(this.#synsets.values());
    for (const form of baseForms(normaliseWord(word))) {
      const senses = this.#senses.get(form);
      if (senses !== undefined) return senses;
    }
    return [];
  }

  /**
   * How many lemmas of WordNet contain the word, alone or in a compound ("bird" is in "bird of prey"). Everyday words
   * build many compounds, technical ones hardly any, so this stands in for how familiar a word is. A compound is as
   * familiar as its least familiar part.
   */
  usage(word: string): number {
    this.#usage ??= countUsage(this.#synsets.values());
    const usage = this.#usage;
    return Math.min(
      ...normaliseWord(word)
        .split(' ')
        .map((part) => usage.get(part) ?? 0),
    );
  }
}

/** Lower case, spaces for underscores, no space at the ends or doubled. */
export function normaliseWord(word: string): string {
  return word.normalize('NFC').toLowerCase().replaceAll('_', ' ').replace(/\s+/gu, ' ').trim();
}

/**
 * Reads noun synsets from text of one synset a line: id, lemmas and hypernym ids, separated by tabs, the lists by `|`.
 * @throws MusterError `language.nouns` naming the line that has another form.
 */
export function parseNouns(text: string, name: string): NounGraph {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return new NounGraph(
    lines.map((line, row) => {
      const [id, lemmas, hypernyms] = line.split('\t');
      if (id === undefined || !/^n\d{8}$/u.test(id) || !lemmas || hypernyms === undefined) {
        throw new MusterError('language.nouns', `${name}, line ${row + 1}: expected id, lemmas and hypernyms.`);
      }
      return { id, lemmas: lemmas.split('|'), hypernyms: hypernyms === '' ? [] : hypernyms.split('|') };
    }),
  );
}

/**
 * Lists of nouns by name. `tac-file`: every lemma of every synset in the order of the database, repeats kept, underscores between words,
 * as in the file of TAC's authors. `unique`: the same without repeats, spaces between words.
 */
export const nounListNames = ['tac-file', 'unique'] as const;
export type NounListName = (typeof nounListNames)[number];

/**
 * The nouns of WordNet 3.0 as a list: 146,347 in `tac-file`, 119,034 in `unique`, case kept.
 *
 * @source TAC's code, whose file has these words in its first column
 */
export function nounList(graph: NounGraph, name: NounListName): readonly string[] {
  const lemmas = Array.from(graph, (synset) => synset.lemmas).flat();
  return name === 'unique' ? [...new Set(lemmas)] : lemmas.map((lemma) => lemma.replaceAll(' ', '_'));
}

let loaded: NounGraph | undefined;

/** The 82,115 noun synsets of WordNet 3.0 from the package's own asset; read once a process. */
export function loadNouns(): NounGraph {
  loaded ??= parseNouns(gunzipSync(readFileSync(assetPath('wordnet-nouns.tsv.gz'))).toString('utf8'), 'wordnet-nouns');
  return loaded;
}

/** Path of a file of the package's `assets` folder. */
export function assetPath(name: string): string {
  return fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
}

function indexSenses(synsets: Iterable<Synset>): Map<string, Synset[]> {
  const senses = new Map<string, Synset[]>();
  for (const synset of synsets) {
    for (const word of new Set(synset.lemmas.map(normaliseWord))) {
      const list = senses.get(word);
      if (list === undefined) senses.set(word, [synset]);
      else list.push(synset);
    }
  }
  return senses;
}

function countUsage(synsets: Iterable<Synset>): Map<string, number> {
  const usage = new Map<string, number>();
  for (const synset of synsets) {
    for (const lemma of synset.lemmas) {
      for (const part of new Set(normaliseWord(lemma).split(' '))) usage.set(part, (usage.get(part) ?? 0) + 1);
    }
  }
  return usage;
}

// Endings of WordNet's morphy(7) for nouns, in its order.
const detachments: readonly (readonly [ending: string, replacement: string])[] = [
  ['s', ''],
  ['ses', 's'],
  ['xes', 'x'],
  ['zes', 'z'],
  ['ches', 'ch'],
  ['shes', 'sh'],
  ['men', 'man'],
  ['ies', 'y'],
];

function baseForms(word: string): string[] {
  const forms = [word];
  for (const [ending, replacement] of detachments) {
    if (word.length > ending.length + 1 && word.endsWith(ending))
      forms.push(word.slice(0, -ending.length) + replacement);
  }
  return forms;
}
