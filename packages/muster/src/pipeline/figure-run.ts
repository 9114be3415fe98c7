import { existsSync } from 'node:fs';
import { noGrad, scope, type Tensor } from '@muster/torch';
import type { Labels } from '../data/index.ts';
import type { FiguresOptions } from './figures-options.ts';
import { centredRows } from './group.ts';
import { groupCaption, type OpenRun } from './open-run.ts';
import { readLabels } from './score.ts';

/** A finished figure. */
export interface Drawing {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

/** A run with what its figures are drawn from. */
export interface FigureRun extends OpenRun, Disposable {
  /** (N, D) unit rows of the embeddings, their mean taken out. */
  readonly rows: Tensor;
  /** Label of each row, -1 for none; null where there are no labels. */
  readonly truth: { readonly values: Int32Array; readonly classes: readonly string[] } | null;
  /** Rows that have a label. */
  readonly labelled: readonly number[];
  readonly seed: number;
  readonly points: number;
}

/** Prepares a run for figures. @throws MusterError `labels` where given labels cannot be read */
export async function openFigureRun(run: OpenRun, options: FiguresOptions): Promise<FigureRun> {
  const given = options.labels ?? usable(run.config.labels);
  const labels = given === null ? null : await readLabels(run.collection, given);
  const truth = labels === null ? null : ofRows(labels, run.embedded.items);
  const labelled = [...(truth?.values.keys() ?? [])].filter((row) => (truth?.values[row] ?? -1) >= 0);
  const rows = scope(() => noGrad(() => centredRows(run.embedded.embeddings)));
  const { points, seed = run.config.seed } = options;
  return { ...run, rows, truth, labelled, seed, points, [Symbol.dispose]: () => rows.dispose() };
}

/** What stands below an image: its label where labels are given, else its group. */
export function rowCaption(run: FigureRun, row: number): string {
  if (run.truth === null) return groupCaption(run, run.labels[row] ?? -1);
  return run.truth.classes[run.truth.values[row] ?? -1] ?? 'no label';
}

/** Labels that the run was scored against, where they are still there: the path may be from another folder. */
function usable(labels: string | null): string | null {
  return labels === 'folders' || (labels !== null && existsSync(labels)) ? labels : null;
}

function ofRows({ values, classes }: Labels, items: readonly number[]): NonNullable<FigureRun['truth']> {
  return { values: Int32Array.from(items, (item) => values[item] ?? -1), classes };
}
