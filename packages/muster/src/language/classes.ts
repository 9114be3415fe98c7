import { readFileSync } from 'node:fs';
import { MusterError } from '../base/index.ts';
import { assetPath } from './nouns.ts';

/** One kind of thing that the embedded backbone's classifier tells apart. */
export interface ImageClass {
  /** Row of the classifier, from 0. */
  readonly index: number;
  /** WordNet 3.0 noun synset; for ImageNet the same text as the wnid. */
  readonly synset: string;
  readonly lemmas: readonly string[];
}

/**
 * The 1,000 classes of ImageNet-1k in the usual order (by wnid), from the package's own asset.
 * @throws MusterError `language.classes` when a line has another form.
 */
export function loadImageClasses(): readonly ImageClass[] {
  const lines = readFileSync(assetPath('imagenet-classes.tsv'), 'utf8').trimEnd().split('\n');
  return lines.map((line, row) => {
    const [index, , synset, lemmas] = line.split('\t');
    if (Number(index) !== row || synset === undefined || !lemmas) {
      throw new MusterError(
        'language.classes',
        `imagenet-classes, line ${row + 1}: expected index, wnid, synset, lemmas.`,
      );
    }
    return { index: row, synset, lemmas: lemmas.split('|') };
  });
}
