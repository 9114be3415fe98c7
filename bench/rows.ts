import type { Row } from './row.ts';
import { assignmentRows } from './rows/assignment.ts';
import { augmentRows } from './rows/augment.ts';
import { classicalRows } from './rows/classical.ts';
import { decodeRows } from './rows/decode.ts';
import { efficientNetRows } from './rows/efficientnet.ts';
import { kmeansRows } from './rows/kmeans.ts';
import { neighbourRows } from './rows/neighbours.ts';
import { operatorRows } from './rows/operators.ts';
import { resnetStepRows } from './rows/resnet-step.ts';
import { vitInferenceRows } from './rows/vit-inference.ts';
import { vitStepRows } from './rows/vit-step.ts';
import { mmdcRows } from './transcriptions/mmdc-rows.ts';
import { headRows } from './transcriptions/rows.ts';

/** Every row, in the order of the table. A new one is one file in rows/, one program in peers/ and one line here. */
export const rows: readonly Row[] = [
  ...operatorRows,
  ...vitStepRows,
  ...resnetStepRows,
  ...efficientNetRows,
  ...vitInferenceRows,
  ...decodeRows,
  ...augmentRows,
  ...kmeansRows,
  ...neighbourRows,
  ...classicalRows,
  ...headRows,
  ...assignmentRows,
  ...mmdcRows,
];

/** Rows whose name is one of the words or begins with one of them and a dash; a word that fits none is an error. */
export function chooseRows(words: readonly string[]): readonly Row[] {
  const fits = (row: Row, word: string) => row.name === word || row.name.startsWith(`${word}-`);
  for (const word of words) {
    if (rows.some((row) => fits(row, word))) continue;
    throw new Error(`no row ${word}; there are ${rows.map((row) => row.name).join(', ')}`);
  }
  return words.length === 0 ? rows : rows.filter((row) => words.some((word) => fits(row, word)));
}
