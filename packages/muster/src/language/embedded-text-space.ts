import { scope, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { unitRows } from '../cluster/index.ts';
import type { ImageClass } from './classes.ts';
import type { NounGraph } from './nouns.ts';
import type { EncodedTexts, SpaceWord, TextSpace } from './text-space.ts';
import { buildVocabulary } from './vocabulary.ts';

/** The last layer of an image classifier. */
export interface Classifier {
  /** (C, D) float32, one row a class. */
  readonly weight: Tensor;
  /** (C) float32. */
  readonly bias: Tensor;
}

/**
 * Temperature of the softmax that mixes words for an image: half of the classifier's own, which for unit rows comes to
 * about .07, as TAC's .005 is half of CLIP's.
 */
export const embeddedTemperature = 0.035;

/**
 * The words of a classifier: its class rows and, for each WordNet hypernym with at most 400 classes below it, the mean
 * of the rows below. Rows are centred (the mean row of the classes subtracted) and scaled to unit length.
 *
 * `shares` is the classifier's own softmax, bias and all: it needs no temperature of ours.
 */
export class EmbeddedTextSpace implements TextSpace {
  readonly id = 'embedded';
  readonly words: readonly SpaceWord[];
  readonly dim: number;
  readonly kinds: number;
  readonly #nouns: NounGraph;
  readonly #bySynset: ReadonlyMap<string, number>;
  readonly #classifier: Classifier;
  readonly #vectors: Tensor; // (W, D) unit rows, one a word

  /**
   * @param classifier stays the caller's and must outlive the space
   * @throws MusterError `language.classifier` when the rows do not match the classes
   */
  constructor(classifier: Classifier, nouns: NounGraph, classes: readonly ImageClass[]) {
    const [kinds, dim] = classifier.weight.shape;
    if (kinds !== classes.length || dim === undefined) {
      throw new MusterError(
        'language.classifier',
        `The classifier has shape [${classifier.weight.shape.join(', ')}], but there are ${classes.length} class names.`,
      );
    }
    const vocabulary = buildVocabulary(nouns, classes);
    this.words = vocabulary.words;
    this.kinds = kinds;
    this.dim = dim;
    this.#nouns = nouns;
    this.#bySynset = vocabulary.bySynset;
    this.#classifier = classifier;
    this.#vectors = wordVectors(classifier.weight, this.words);
  }

  /** (W, D) float32 unit rows, one for each of `words`. The caller's. */
  wordVectors(): Tensor {
    return this.#vectors.clone();
  }

  /** The index in `words` of every meaning of the text that the space can place; empty when it knows none. */
  lookUp(text: string): readonly number[] {
    const found = new Set<number>();
    for (const sense of this.#nouns.senses(text)) {
      const index = this.#bySynset.get(sense.id);
      if (index !== undefined) found.add(index);
    }
    return [...found];
  }

  /** A text of several known meanings ("crane") is placed at the mean of their directions. */
  encode(texts: readonly string[]): EncodedTexts {
    const found = texts.map((text) => this.lookUp(text));
    const vectors = scope(() => {
      const rows = found.map((indexes) =>
        indexes.length === 0
          ? torch.zeros([this.dim], { dtype: 'float32' })
          : this.#vectors.indexSelect(0, indexTensor(indexes)).mean([0]),
      );
      return rows.length === 0 ? torch.zeros([0, this.dim], { dtype: 'float32' }) : unitRows(torch.stack(rows));
    });
    return { vectors, known: found.map((indexes) => indexes.length > 0) };
  }

  shares(embeddings: Tensor): Tensor {
    return scope(() => torch.addmm(this.#classifier.bias, embeddings, this.#classifier.weight.t()).softmax(1));
  }

  dispose(): void {
    this.#vectors.dispose();
  }
}

function wordVectors(weight: Tensor, words: readonly SpaceWord[]): Tensor {
  return scope(() => {
    const centred = weight.sub(weight.mean([0], true)); // (C, D)
    const above = words.slice(weight.shape[0]).map((word) => centred.indexSelect(0, indexTensor(word.below)).mean([0]));
    return unitRows(torch.cat([centred, ...(above.length > 0 ? [torch.stack(above)] : [])])); // (W, D)
  });
}

function indexTensor(indexes: readonly number[]): Tensor {
  return tensor(BigInt64Array.from(indexes, BigInt));
}
