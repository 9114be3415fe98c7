import { formatCount, formatDuration, printable } from '../base/index.ts';
import type { AssignResult } from '../pipeline/index.ts';
import { scoreLine, shortPath, skippedCodes, threeScores } from './cluster-table.ts';

/** Groups listed on the terminal; the rest is in the table's file. */
const shown = 40;

/** What a person reads on a terminal. */
export function assignTable(result: AssignResult, cwd: string): string {
  const { groups, images, outside, metrics, notes, skipped, reused, seconds } = result;
  const used = groups.filter(({ size }) => size > 0);
  const lines = [
    `${formatCount(images, 'image')} in ${used.length} of the ${formatCount(groups.length, 'group')} of ${shortPath(result.run, cwd)}.`,
    `Method of the run: ${result.method}.`,
    '',
    ...groupLines(used),
    '',
  ];
  if (outside > 0) lines.push(`In no group: ${formatCount(outside, 'image')}`);
  if (metrics !== null) lines.push(scoreLine(metrics));
  if (skipped.length > 0) lines.push(`Left out: ${formatCount(skipped.length, 'file')} (${skippedCodes(result)})`);
  for (const note of notes) lines.push(`Note: ${note}`);
  const kept = reused > 0 ? `, ${formatCount(reused, 'embedding')} of an earlier run used` : '';
  lines.push(`Took ${formatDuration(seconds.all)}${kept}.`, `Table: ${shortPath(result.table, cwd)}`);
  return `${lines.map(printable).join('\n')}\n`;
}

function groupLines(groups: AssignResult['groups']): string[] {
  const names = groups.slice(0, shown).map(({ name, id }) => name ?? `group ${id}`);
  const width = Math.max(4, ...names.map((name) => name.length));
  const row = (id: string, name: string, size: string, confidence: string): string =>
    `  ${id.padStart(4)}  ${name.padEnd(width)}  ${size.padStart(8)}  ${confidence.padStart(10)}`.trimEnd();
  const lines = groups
    .slice(0, shown)
    .map(({ id, size, confidence }, at) =>
      row(String(id), names[at] ?? '', size.toLocaleString('en-US'), confidence?.toFixed(2) ?? ''),
    );
  if (groups.length > shown) lines.push(`  and ${groups.length - shown} more in the table`);
  return [row('#', 'name', 'images', 'confidence'), ...lines];
}

/** The result for programs. */
export function assignJson({ groups, metrics, ...rest }: AssignResult): string {
  return `${JSON.stringify({ clusters: groups, metrics: threeScores(metrics), ...rest }, null, 2)}\n`;
}
