import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './machine.ts';

/** Seeds of every figure on the page. */
export const SEEDS = 5;

const RESULTS = fileURLToPath(new URL('../docs/results.md', import.meta.url));

/** How well groups agree with labels. */
export interface Scores {
  readonly acc: number;
  readonly nmi: number;
  readonly ari: number;
}

/** `0.773 ± 0.025`; of one value that alone. */
export function meanAndSd(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(3);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance).toFixed(3)}`;
}

/** The cells ACC, NMI and ARI of a table's row. */
export function scoreCells(scores: readonly Scores[]): string {
  const columns = [scores.map((s) => s.acc), scores.map((s) => s.nmi), scores.map((s) => s.ari)];
  return columns.map(meanAndSd).join(' | ');
}

/** The line that names the machine. */
export function machineLine(): string {
  const { name, family, model, cores, versions } = describeMachine();
  return `Machine: ${name} (family ${family}, model ${model}), ${cores} processors. Node ${versions['node'] ?? ''}, libtorch ${versions['libtorch'] ?? ''}.`;
}

/** Today, as figures are dated. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** Columns of a table by their heads, each with its cells by the first cell of their row. */
export type Columns = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A table's columns from the `from`-th on, with fresh cells in place of the old ones, fresh columns behind them. */
export function mergeColumns(name: string, from: number, fresh: Columns): Columns {
  const [head = [], , ...rows] = sectionOf(name)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const old = head
    .map((column, at) => [column, new Map(rows.map((row) => [row[1] ?? '', row[at] ?? '']))] as const)
    .slice(from + 1, -1); // a row begins and ends with a bar
  const merged = new Map(old);
  for (const [column, cells] of fresh) merged.set(column, new Map([...(merged.get(column) ?? []), ...cells]));
  return merged;
}

/** A table's rows that begin with other cells than the fresh ones, and then these: a run on one collection leaves the others' rows. */
export function mergeRows(name: string, fresh: readonly string[]): string[] {
  const nameOf = (row: string): string => row.split('|')[1]?.trim() ?? '';
  const renewed = new Set(fresh.map(nameOf));
  const isRow = (line: string): boolean => /^\| (?!-)/u.test(line);
  const old = sectionOf(name).split('\n').filter(isRow).slice(1); // below the head
  return [...old.filter((row) => !renewed.has(nameOf(row))), ...fresh];
}

function sectionOf(name: string): string {
  const page = readFileSync(RESULTS, 'utf8');
  return page.slice(page.indexOf(`<!-- ${name} -->`), page.indexOf(`<!-- /${name} -->`));
}

/** Puts a text between the marks of its section in docs/results.md. */
export function writeSection(name: string, text: string): void {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const page = readFileSync(RESULTS, 'utf8');
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/results.md lacks the marks ${start} and ${end}`);
  writeFileSync(RESULTS, `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`);
}
