import { existsSync } from 'node:fs';
import { limits, MusterError, printable } from '../base/index.ts';
import { readFileBytes } from '../image/index.ts';
import {
  buildVocabulary,
  loadImageClasses,
  loadNouns,
  parseNounList,
  wordsForNouns,
  wordsUnder,
  type SpaceWord,
} from '../language/index.ts';

/** Words that groups may be named with, and that methods with words may choose from. */
export interface NamingWords {
  readonly words: readonly SpaceWord[];
  /** What the reader should know of the choice. */
  readonly notes: readonly string[];
}

/**
 * Restricts the words: to the nouns of a file, to those below a noun, or to both.
 *
 * @returns null where nothing restricts them
 * @throws MusterError `language.noun-list`, `language.under`, or what reading the file throws
 */
export async function readNamingWords(options: {
  readonly nouns?: string | undefined;
  readonly under?: string | undefined;
}): Promise<NamingWords | null> {
  const { nouns: file, under } = options;
  if (file === undefined && under === undefined) return null;
  const nouns = loadNouns();
  const vocabulary = buildVocabulary(nouns, loadImageClasses());
  const list = file === undefined ? null : wordsForNouns(vocabulary, nouns, await readList(file));
  const words = under === undefined ? (list?.words ?? []) : wordsUnder(vocabulary, nouns, under, list?.words);
  return { words, notes: unknownNote(list?.unknown ?? []) };
}

async function readList(file: string): Promise<readonly string[]> {
  const where = printable(file);
  if (!existsSync(file)) {
    throw new MusterError('language.noun-list', 'there is no such file', {
      where,
      kind: 'usage',
      fix: 'give --nouns a text file with one noun a line',
    });
  }
  const bytes = await readFileBytes(file, where, { limits: { fileBytes: limits.csvBytes } });
  try {
    return parseNounList(new TextDecoder('utf-8', { fatal: true }).decode(bytes), where);
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError('language.noun-list', 'is not UTF-8 text', { where, cause: error });
  }
}

const unknownShown = 8;

function unknownNote(unknown: readonly string[]): string[] {
  if (unknown.length === 0) return [];
  const some = unknown.slice(0, unknownShown).join(', ');
  const more = unknown.length > unknownShown ? ` and ${unknown.length - unknownShown} more` : '';
  return [`The backbone does not know these of the given nouns: ${some}${more}.`];
}
