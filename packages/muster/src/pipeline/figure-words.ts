import { noGrad, scope, type Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { unitRows } from '../cluster/index.ts';
import { EmbeddedTextSpace, loadImageClasses, loadNouns } from '../language/index.ts';
import { nounProbabilities } from '../methods/index.ts';
import { selectRows } from './figure-data.ts';
import type { FigureRun } from './figure-run.ts';
import { readNamingWords } from './naming-words.ts';
import { loadFit } from './run-fit.ts';
import { BackboneText } from './text-data.ts';

/** How likely words are for some images of a run. */
export interface ImageWords {
  readonly words: readonly string[];
  /** (n, M) rows that sum to 1. The caller's. */
  readonly probabilities: Tensor;
  /** What the probabilities are over, to follow "probabilities over". */
  readonly over: string;
}

/**
 * Words for images of a run: those that its method chose, else the class names or the restricted words that it was given, all by TAC's
 * softmax of the cosine over a temperature; else the kinds of things that the backbone was trained to tell apart, by its own classifier.
 *
 * @param rows of the embeddings
 * @throws MusterError `language.noun-list`, `language.under` where the run's words are gone; `figures.words`
 */
export async function wordsOfImages(run: FigureRun, rows: readonly number[]): Promise<ImageWords> {
  return methodWords(run, rows) ?? (await givenWords(run, rows)) ?? kindsOf(run, rows);
}

function methodWords(run: FigureRun, rows: readonly number[]): ImageWords | null {
  const fitted = loadFit(run);
  if (fitted === null) return null;
  try {
    const { reading, words } = fitted;
    if (reading === null) return null;
    const probabilities = scope(() => noGrad(() => reading.probabilities(selectRows(run.embedded.embeddings, rows))));
    return { words, probabilities, over: `the ${countOf(words)} words that the run describes images with` };
  } finally {
    fitted.dispose();
  }
}

async function givenWords(run: FigureRun, rows: readonly number[]): Promise<ImageWords | null> {
  const { config, backbone } = run;
  const restricted = await readNamingWords({ nouns: config.nouns ?? undefined, under: config.under ?? undefined });
  if (config.classes === null && restricted === null) return null;
  using text = BackboneText.open(backbone, config.classes ?? undefined, restricted?.words);
  const { classes, nouns, words, temperature } = text.data;
  const probabilities = scope(() =>
    noGrad(() => {
      const vectors = classes === undefined ? nouns : unitRows(classes.prompts.mean([1])); // (M, D)
      return nounProbabilities(selectRows(run.rows, rows), vectors, temperature);
    }),
  );
  if (classes !== undefined)
    return { words: classes.names, probabilities, over: `the ${countOf(classes.names)} class names of the run` };
  return { words, probabilities, over: `the ${countOf(words)} words that the run was restricted to` };
}

function kindsOf({ backbone, embedded }: FigureRun, rows: readonly number[]): ImageWords {
  const { classifier } = backbone;
  if (classifier === null) throw new MusterError('figures.words', 'the backbone has no words', { kind: 'internal' });
  const space = new EmbeddedTextSpace(classifier, loadNouns(), loadImageClasses());
  try {
    const words = space.words.slice(0, space.kinds).map(({ text }) => text);
    const probabilities = scope(() => space.shares(selectRows(embedded.embeddings, rows)));
    return {
      words,
      probabilities,
      over: `the ${countOf(words)} kinds of things that ${backbone.describe().title} knows`,
    };
  } finally {
    space.dispose();
  }
}

function countOf(words: readonly string[]): string {
  return words.length.toLocaleString('en-US');
}
