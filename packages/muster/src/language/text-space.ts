import type { Tensor } from '@muster/torch';

/** What a text space answers to texts. */
export interface EncodedTexts {
  /** (T, D) float32, unit rows; a zero row where the text is not known. The caller's. */
  readonly vectors: Tensor;
  /** For each text whether the space knows it; what it does not know is named to the user, never guessed. */
  readonly known: readonly boolean[];
}

/** A word that a group can be named with. */
export interface SpaceWord {
  /** WordNet synset. */
  readonly id: string;
  /** How the word is shown: the first lemma of its synset. */
  readonly text: string;
  /** The kinds (columns of `shares`) that are this thing, ascending. */
  readonly below: readonly number[];
}

/** Texts as vectors that can be compared with the image embeddings of one backbone. */
export interface TextSpace {
  readonly id: string;
  /** D: the width of the vectors, and of the embeddings that fit. */
  readonly dim: number;
  /** C: how many kinds of things it tells apart. */
  readonly kinds: number;
  /** Every word it knows, the kinds first, then what lies above them. */
  readonly words: readonly SpaceWord[];
  encode(texts: readonly string[]): EncodedTexts;
  /** (N, D) image embeddings as the backbone gives them -> (N, C) float32: for each image how likely each kind is, rows sum to 1. The caller's. */
  shares(embeddings: Tensor): Tensor;
  dispose(): void;
}
