import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kindOf } from './machine.ts';
import type { Machine } from './machine.ts';

/** A row's result as it is kept: numbers in `unit`, or a note why there are none. */
export interface Result {
  readonly name: string;
  readonly ours: number | null;
  readonly peer: number | null;
  readonly ratio: number | null;
  /** Largest good ratio on this kind of CPU; null where none was set. */
  readonly goal: number | null;
  /** Whether the ratio is at most the goal; null where there is no ratio or no goal. */
  readonly met: boolean | null;
  readonly unit: string;
  readonly spread: readonly [number, number] | null;
  readonly rounds: number;
  /** Day of the measurement, UTC. */
  readonly date: string;
  /** Why it was not measured. */
  readonly note?: string;
  /** What went wrong. */
  readonly error?: string;
}

/** All results of one kind of machine. */
export interface ResultFile {
  readonly machine: Machine;
  readonly rows: readonly Result[];
}

/** Where results are kept: one file a kind of machine. */
export const RESULTS_FOLDER = fileURLToPath(new URL('results', import.meta.url));

/**
 * Adds results to what is kept for the machine's kind; a row measured again replaces the old one, others stay.
 *
 * @returns all that is kept now
 */
export function mergeResults(machine: Machine, fresh: readonly Result[], folder = RESULTS_FOLDER): ResultFile {
  const path = join(folder, `${kindOf(machine)}.json`);
  const old = readResults(folder).find((file) => kindOf(file.machine) === kindOf(machine));
  const replaced = new Set(fresh.map((row) => row.name));
  const merged: ResultFile = {
    machine: { ...machine, versions: { ...old?.machine.versions, ...machine.versions } },
    rows: [...(old?.rows ?? []).filter((row) => !replaced.has(row.name)), ...fresh],
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.part`, `${JSON.stringify(merged, null, 2)}\n`);
  renameSync(`${path}.part`, path);
  return merged;
}

/** Everything that is kept, by kind of machine in the order of file names. */
export function readResults(folder = RESULTS_FOLDER): ResultFile[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.toSorted().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ResultFile);
}
