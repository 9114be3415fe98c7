import { scope, tensor, type Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { embeddedTemperature, EmbeddedTextSpace, loadImageClasses, loadNouns } from '../language/index.ts';
import type { SpaceWord } from '../language/index.ts';
import type { TextData } from '../methods/index.ts';
import type { Backbone } from '../models/index.ts';

/**
 * Words for a method, from the text space that comes with the backbone: its kinds of things. The words above them are left
 * out by default, as they are means of the kinds: with them TAC does worse, on UC Merced, AID and CIFAR-10 alike.
 */
export class BackboneText implements Disposable {
  readonly data: TextData;
  readonly #tensors: readonly Tensor[];

  private constructor(data: TextData) {
    this.data = data;
    this.#tensors = [data.nouns, ...(data.classes === undefined ? [] : [data.classes.prompts])];
  }

  /**
   * @param classes names of classes that are given; undefined: none
   * @param words the words of the backbone to use; by default its kinds of things
   * @throws MusterError `method.text` where the backbone has no words, or naming the class names it does not know
   */
  static open(
    { classifier, id }: Backbone,
    classes: readonly string[] | undefined,
    words?: readonly SpaceWord[],
  ): BackboneText {
    if (classifier === null) {
      throw new MusterError('method.text', `the backbone ${id} has no words`, {
        kind: 'usage',
        fix: 'choose a method that needs none (muster methods)',
      });
    }
    const space = new EmbeddedTextSpace(classifier, loadNouns(), loadImageClasses());
    try {
      const prompts = classes === undefined ? undefined : classPrompts(space, classes);
      return new BackboneText({
        nouns: vectorsOf(space, words),
        words: (words ?? space.words.slice(0, space.kinds)).map(({ text }) => text),
        ...(classes === undefined || prompts === undefined ? {} : { classes: { names: classes, prompts } }),
        centreImages: true,
        temperature: embeddedTemperature,
      });
    } finally {
      space.dispose();
    }
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#tensors) tensor.dispose();
  }
}

/** (M, D) unit rows of the words, of the kinds where none are given. The caller's. */
function vectorsOf(space: EmbeddedTextSpace, words: readonly SpaceWord[] | undefined): Tensor {
  if (words === undefined) return scope(() => space.wordVectors().narrow(0, 0, space.kinds).clone());
  const places = new Map(space.words.map(({ id }, at) => [id, at]));
  const rows = words.map(({ id }) => BigInt(places.get(id) ?? 0));
  return scope(() => space.wordVectors().indexSelect(0, tensor(BigInt64Array.from(rows))));
}

/** [K, 1, D]: a word of this space has one vector, whatever sentence it stands in. */
function classPrompts(space: EmbeddedTextSpace, classes: readonly string[]): Tensor {
  return scope(() => {
    const { vectors, known } = space.encode(classes);
    const unknown = classes.filter((_, at) => known[at] !== true);
    if (unknown.length === 0) return vectors.unsqueeze(1);
    throw new MusterError('method.text', `the text space does not know ${unknown.join(', ')}`, {
      where: '--classes',
      kind: 'usage',
      fix: 'use words of WordNet for, or above, the 1,000 kinds of things that the backbone knows',
    });
  });
}
