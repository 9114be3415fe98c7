import { formatDuration } from '../base/index.ts';
import type { SweepResult, SweepValue } from '../pipeline/index.ts';

type Column = 'acc' | 'nmi' | 'ari' | 'silhouette' | 'groups' | 'effective';

const titles: Readonly<Record<Column, string>> = {
  acc: 'ACC',
  nmi: 'NMI',
  ari: 'ARI',
  silhouette: 'silhouette',
  groups: 'groups',
  effective: 'in effect',
};

/** The numbers of a sweep, a line for each value; those of which there are none are left out. */
export function sweepTable({ key, values, seeds }: SweepResult): string[] {
  const columns = (Object.keys(titles) as Column[]).filter((column) => values.some((value) => value[column] !== null));
  const cells = [
    ['', key, ...columns.map((column) => titles[column]), 'a fit'],
    ...values.map((value) => [
      value.isOwn ? '*' : '',
      shown(value.value),
      ...columns.map((column) => number(value, column)),
      formatDuration(value.seconds),
    ]),
  ];
  const widths = cells[0]?.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0))) ?? [];
  const lines = cells.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  '));
  const notes = values.some(({ isOwn }) => isOwn) ? ['* the run itself'] : [];
  if (seeds.length > 1) notes.push(`mean ± sd of ${seeds.length} seeds`);
  return notes.length === 0 ? lines : [...lines, notes.join('; ')];
}

function number(value: SweepValue, column: Column): string {
  const spread = value[column];
  if (spread === null) return '-';
  const digits = column === 'groups' || column === 'effective' ? 1 : 3;
  const text = (one: number): string => (Number.isInteger(one) && digits === 1 ? String(one) : one.toFixed(digits));
  return spread.sd === null ? text(spread.mean) : `${text(spread.mean)} ± ${text(spread.sd)}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
