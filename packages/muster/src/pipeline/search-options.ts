import { availableParallelism } from 'node:os';
import { z } from 'zod';

const path = z.string({ error: 'must be given' }).min(1, { error: 'must not be empty' });
const whole = (least: number, most: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

/** What `muster search` can be told. */
export const searchOptions = z.strictObject({
  /** A run: its folder, its store, its id or `latest`. */
  run: path,
  /** What to look for, in words. */
  text: z.string().optional(),
  /** Path of a picture to look for. With a text too, both count alike. */
  image: path.optional(),
  /** How many images to give. */
  count: whole(1, 1000).default(20),
  /** Folder of the embeddings, where it is not in a usual place. */
  store: path.optional(),
  /** Path of a page of the pictures. */
  html: path.optional(),
  threads: whole(1, 4 * availableParallelism()).optional(),
});

/** Checked options of a search. */
export type SearchOptions = z.infer<typeof searchOptions>;
/** The same before defaults are filled in. */
export type SearchOptionsInput = z.input<typeof searchOptions>;

/** An image that was found. */
export interface SearchHit {
  /** From 1. */
  readonly rank: number;
  /** Path below the collection's root. */
  readonly file: string;
  /** Cosine with the query, -1..1; only those of one search compare. */
  readonly score: number;
  /** Number of its group, from 1; null where the run had no such image. */
  readonly group: number | null;
  /** Name of its group, or "group" and its number. */
  readonly groupName: string;
}

/** What a search finds. */
export interface SearchResult {
  /** The words that were looked for. */
  readonly known: readonly string[];
  /** Words that the text space does not know, with known ones near them. */
  readonly unknown: readonly { readonly word: string; readonly near: readonly string[] }[];
  /** The picture that was looked for. */
  readonly image: string | null;
  /** Images that were searched. */
  readonly images: number;
  /** The best first. */
  readonly hits: readonly SearchHit[];
  /** Folder of the run. */
  readonly folder: string;
  /** Absolute path of the page; null where none was asked for. */
  readonly html: string | null;
}

/** Says that a word had no part in a search. */
export function unknownSentence({ word, near }: SearchResult['unknown'][number]): string {
  const known = near.length > 0 ? `; known words near it: ${near.join(', ')}` : '';
  return `“${word}” is not known and had no part in the search${known}.`;
}
