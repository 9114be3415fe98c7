import { relative } from 'node:path';
import { formatCount, formatDuration, printable } from '../base/index.ts';
import { percent, type ClusterResult, type TestResult } from '../pipeline/index.ts';

/** Groups listed on the terminal; the rest is in the report. */
const shown = 40;

/** The result as a person reads it on a terminal: what was found first, then the groups, then where to look. */
export function clusterTable(result: ClusterResult, cwd: string): string {
  const { groups, images, metrics, notes, skipped, test, settings } = result;
  const lines = [`${formatCount(images, 'image')} in ${formatCount(groups.length, 'group')} (${result.reason}).`];
  if (settings.methodId !== null) lines.push(`Method: ${settings.method}. ${settings.paper ?? ''}.`);
  lines.push('');
  const names = groups.slice(0, shown).map(({ name, id }) => name ?? `group ${id}`);
  const width = Math.max(4, ...names.map((name) => name.length));
  const row = (...[id, name, images, confidence, noun]: readonly [string, string, string, string, string]): string =>
    `  ${id.padStart(4)}  ${name.padEnd(width)}  ${images.padStart(8)}  ${confidence.padStart(10)}  ${noun}`.trimEnd();
  const hasNouns = groups.some(({ nouns }) => nouns.length > 0);
  lines.push(row('#', 'name', 'images', 'confidence', hasNouns ? 'first noun' : ''));
  groups.slice(0, shown).forEach(({ id, size, confidence, nouns: [noun] }, index) => {
    const first = noun === undefined ? '' : `${noun.text} ${percent(noun.share)}`;
    lines.push(row(String(id), names[index] ?? '', size.toLocaleString('en-US'), confidence?.toFixed(2) ?? '', first));
  });
  if (groups.length > shown) lines.push(`  and ${groups.length - shown} more in the report`);
  lines.push('');
  if (metrics !== null) lines.push(scoreLine(metrics));
  if (test !== null) lines.push(...testLines(test));
  if (skipped.length > 0)
    lines.push(`Left out: ${formatCount(skipped.length, 'file')} (${skippedCodes(result)}), listed in the report`);
  for (const note of notes) lines.push(`Note: ${note}`);
  lines.push(timing(result), `Report: ${shortPath(result.report, cwd)}`);
  return `${lines.map(printable).join('\n')}\n`;
}

/** ACC, NMI and ARI on one line. */
export function scoreLine({ acc, nmi, ari }: NonNullable<ClusterResult['metrics']>): string {
  return `Against the labels: ACC ${acc.toFixed(3)}, NMI ${nmi.toFixed(3)}, ARI ${ari.toFixed(3)}`;
}

function testLines({ source, images, metrics, notes, skipped }: TestResult): string[] {
  const lines = [`Test: ${formatCount(images, 'image')} of ${source}, in which no groups were sought`];
  if (metrics !== null) lines.push(`  ${scoreLine(metrics)}`);
  if (skipped.length > 0) lines.push(`  Left out: ${formatCount(skipped.length, 'file')}`);
  return [...lines, ...notes.map((note) => `  Note: ${note}`)];
}

/** The result for programs. */
export function clusterJson(result: ClusterResult): string {
  const { settings, groups, metrics, images, reason, notes, skipped, reused, seconds, folder, report } = result;
  const scores = threeScores(metrics);
  const test = result.test === null ? null : { ...result.test, metrics: threeScores(result.test.metrics) };
  return `${JSON.stringify({ settings, clusters: groups, metrics: scores, test, images, reason, notes, skipped, reused, seconds, folder, report }, null, 2)}\n`;
}

/** The three metrics alone; null without labels. */
export function threeScores(metrics: ClusterResult['metrics']): { acc: number; nmi: number; ari: number } | null {
  return metrics === null ? null : { acc: metrics.acc, nmi: metrics.nmi, ari: metrics.ari };
}

/** How many files were left out for which reason. */
export function skippedCodes({ skipped }: Pick<ClusterResult, 'skipped'>): string {
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

/** A path as it is written from here, where it lies below. */
export function shortPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith('..') ? path : way;
}
