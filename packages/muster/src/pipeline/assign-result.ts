import type { SkippedFile } from '../base/index.ts';
import type { Scores } from './score.ts';

/** Images of a collection in one group of the run. */
export interface AssignedGroup {
  /** As the run numbers it, from 1. */
  readonly id: number;
  /** The run's name for it. */
  readonly name: string | null;
  readonly size: number;
  /** Mean confidence of its images; null where none is claimed. */
  readonly confidence: number | null;
}

/** What `muster assign` finds. */
export interface AssignResult {
  /** Folder of the run that the groups come from, and how it was made. */
  readonly run: string;
  readonly method: string;
  readonly source: string;
  readonly images: number;
  /** Every group of the run, and those of its model that get an image only now. */
  readonly groups: readonly AssignedGroup[];
  /** Images in no group. */
  readonly outside: number;
  readonly metrics: Scores | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly reused: number;
  readonly seconds: { readonly embed: number; readonly all: number };
  /** Folder of the result, and the table in it: absolute paths. */
  readonly folder: string;
  readonly table: string;
}
