import { writeCsv } from '../formats/index.ts';
import { confidenceWord } from '../quality/index.ts';
import type { RunLabels } from './run-model.ts';

/** What a table of images and their groups needs. */
export interface AssignmentTable extends RunLabels {
  /** Path of each row. */
  readonly files: readonly string[];
  /** Name of each group, from 0; null where it has none. */
  readonly names: readonly (string | null)[];
  /** Whether confidence has words: they were set for the default way's alone, and a method's probabilities are others. */
  readonly withWords: boolean;
}

/** `file,group,name,confidence,certainty` for people: formulas are quoted; group 0 without a name: in no group. */
export function assignmentsCsv({ files, labels, confidence, names, withWords }: AssignmentTable): string {
  const rows = files.map((file, row) => {
    const group = labels[row] ?? -1;
    const sure = group < 0 ? undefined : confidence?.[row];
    const cells =
      sure === undefined ? [null, null] : [Number(sure.toFixed(4)), withWords ? confidenceWord(sure) : null];
    return [file, group + 1, groupName(names, group), ...cells];
  });
  return writeCsv([['file', 'group', 'name', 'confidence', 'certainty'], ...rows], { formulas: 'quote' });
}

/** The same for programs. */
export function assignmentsJson({ files, labels, confidence }: RunLabels & { readonly files: readonly string[] }): {
  files: readonly string[];
  groups: number[];
  confidence: number[] | null;
} {
  return {
    files,
    groups: Array.from(labels, (label) => label + 1),
    confidence: confidence === null ? null : Array.from(confidence, (value) => Number(value.toFixed(4))),
  };
}

function groupName(names: readonly (string | null)[], group: number): string | null {
  return group < 0 ? null : (names[group] ?? `group ${group + 1}`);
}
