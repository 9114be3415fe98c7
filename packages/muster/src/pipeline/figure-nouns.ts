import type { Emit } from '../base/index.ts';
import { nounFigure } from '../export/index.ts';
import { likeliestWords } from '../language/index.ts';
import { loadFigureImages } from './figure-images.ts';
import { rowCaption, type Drawing, type FigureRun } from './figure-run.ts';
import { wordsOfImages } from './figure-words.ts';

const nounsShown = 5;

/**
 * TAC's figure 2: images with their likeliest nouns.
 *
 * @param rows of the images that are shown
 * @throws MusterError as `wordsOfImages`
 */
export async function nounsFigure(
  run: FigureRun,
  rows: readonly number[],
  emit: Emit,
  signal: AbortSignal,
): Promise<Drawing> {
  const { words, probabilities: found, over } = await wordsOfImages(run, rows);
  using probabilities = found;
  const values = probabilities.toFloat32Array();
  const images = await loadFigureImages(run, rows, emit, signal);
  const title = 'Images and their likeliest nouns';
  const svg = nounFigure({
    title,
    subtitle: [
      `One image drawn from each of the largest groups of ${run.collection.name}; probabilities over ${over}.`,
    ],
    images: rows.map((row, at) => {
      const own = values.subarray(at * words.length, (at + 1) * words.length);
      const nouns = likeliestWords(own, words, nounsShown).map(({ text, share }) => ({ text, probability: share }));
      return { image: images.get(row) ?? { path: '', uri: null }, caption: rowCaption(run, row), nouns };
    }),
  });
  return { file: 'nouns.svg', title, svg };
}
