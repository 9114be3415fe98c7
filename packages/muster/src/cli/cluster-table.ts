import { relative } from 'node:path';
import { formatCount, formatDuration, printable } from '../base/index.ts';
import type { ClusterResult } from '../pipeline/index.ts';

/** Groups listed on the terminal; the rest is in the report. */
const shown = 40;

/** The result as a person reads it on a terminal: what was found first, then the groups, then where to look. */
export function clusterTable(result: ClusterResult, cwd: string): string {
  const { groups, images, metrics, notes, skipped } = result;
  const lines = [`${formatCount(images, 'image')} in ${formatCount(groups.length, 'group')} (${result.reason}).`, ''];
  const names = groups.slice(0, shown).map(({ name, id }) => name ?? `group ${id}`);
  const width = Math.max(4, ...names.map((name) => name.length));
  const row = (cells: readonly [string, string, string, string]): string =>
    `  ${cells[0].padStart(4)}  ${cells[1].padEnd(width)}  ${cells[2].padStart(8)}  ${cells[3].padStart(10)}`.trimEnd();
  lines.push(row(['#', 'name', 'images', 'confidence']));
  groups.slice(0, shown).forEach(({ id, size, confidence }, index) => {
    lines.push(row([String(id), names[index] ?? '', size.toLocaleString('en-US'), confidence?.toFixed(2) ?? '']));
  });
  if (groups.length > shown) lines.push(`  and ${groups.length - shown} more in the report`);
  lines.push('');
  if (metrics !== null) {
    lines.push(
      `Against the labels: ACC ${metrics.acc.toFixed(3)}, NMI ${metrics.nmi.toFixed(3)}, ARI ${metrics.ari.toFixed(3)}`,
    );
  }
  if (skipped.length > 0)
    lines.push(`Left out: ${formatCount(skipped.length, 'file')} (${skippedCodes(result)}), listed in the report`);
  for (const note of notes) lines.push(`Note: ${note}`);
  lines.push(timing(result), `Report: ${shortPath(result.report, cwd)}`);
  return `${lines.map(printable).join('\n')}\n`;
}

/** The result for programs. */
export function clusterJson(result: ClusterResult): string {
  const { settings, groups, metrics, images, reason, notes, skipped, reused, seconds, folder, report } = result;
  const scores = metrics === null ? null : { acc: metrics.acc, nmi: metrics.nmi, ari: metrics.ari };
  return `${JSON.stringify({ settings, clusters: groups, metrics: scores, images, reason, notes, skipped, reused, seconds, folder, report }, null, 2)}\n`;
}

function skippedCodes({ skipped }: ClusterResult): string {
  const counts = new Map<string, number>();
  for (const { code } of skipped) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${count} ${code}`).join(', ');
}

function timing({ images, reused, seconds }: ClusterResult): string {
  const fresh = images - reused;
  const kept = reused > 0 ? `${formatCount(reused, 'embedding')} of an earlier run used, ` : '';
  const speed = fresh > 0 && seconds.embed > 0 ? ` (${(fresh / seconds.embed).toFixed(0)} images a second)` : '';
  return `Took ${formatDuration(seconds.all)}: ${kept}${formatCount(fresh, 'image')} embedded in ${formatDuration(seconds.embed)}${speed}.`;
}

function shortPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith('..') ? path : way;
}
