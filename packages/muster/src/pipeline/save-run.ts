import { join } from 'node:path';
import { writeCsv } from '../formats/index.ts';
import type { Emit } from '../base/index.ts';
import { confidenceWord } from '../quality/index.ts';
import { renderReport } from '../report/index.ts';
import { makeRunFolder, markFolder, resultFile, writeRun, type runFiles } from '../store/index.ts';
import type { FinishedRun, GroupResult } from './cluster-result.ts';
import { composeReport } from './compose-report.ts';
import { chooseImages, loadPictures } from './showcase.ts';

/** Where a run was saved. */
export interface SavedRun {
  readonly folder: string;
  readonly report: string;
  readonly groups: readonly GroupResult[];
}

/**
 * Saves a run: `config.json`, `assignments.csv`, `report.html` and, last, `result.json`. Nothing is written before all
 * of it is there, so a run that is stopped leaves nothing behind.
 */
export async function saveRun(run: FinishedRun, emit: Emit, signal: AbortSignal): Promise<SavedRun> {
  const { grouping, embedded, collection, locations } = run;
  const chosen = chooseImages(grouping.labels, grouping.groups, grouping.closeness, grouping.confidence);
  const rows = chosen.flatMap(({ central, doubtful }) => [...central, ...doubtful]);
  const pictures = await loadPictures(collection, rows, embedded.items, grouping.confidence, emit, signal);
  const groups = groupResults(run);
  const madeAt = new Date();
  const files = {
    'config.json': json({ format: 1, ...run.settings }),
    'assignments.csv': assignmentsCsv(run, groups),
    'report.html': renderReport(composeReport(run, groups, chosen, pictures, madeAt)),
    [resultFile]: json(resultContent(run, groups, madeAt)),
  } satisfies Record<(typeof runFiles)[number], string>;
  signal.throwIfAborted();
  const folder = locations.run ?? (await makeRunFolder(locations.store, madeAt));
  await markFolder(locations.run ?? locations.store); // the finder passes marked folders over
  await writeRun(folder, files);
  return { folder, report: join(folder, 'report.html'), groups };
}

function groupResults({ grouping, names }: FinishedRun): GroupResult[] {
  const sizes = new Array<number>(grouping.groups).fill(0);
  const sums = new Array<number>(grouping.groups).fill(0);
  grouping.labels.forEach((label, row) => {
    sizes[label] = (sizes[label] ?? 0) + 1;
    sums[label] = (sums[label] ?? 0) + (grouping.confidence?.[row] ?? 0);
  });
  return sizes.map((size, group) => ({
    id: group + 1,
    name: names[group]?.name ?? null,
    size,
    word: names[group]?.best ?? null,
    runnerUp: names[group]?.runnerUp ?? null,
    confidence: grouping.confidence === null ? null : (sums[group] ?? 0) / size,
  }));
}

/** For people: formulas are quoted, so programs read `result.json`. */
function assignmentsCsv({ collection, embedded, grouping }: FinishedRun, groups: readonly GroupResult[]): string {
  const rows = embedded.items.map((item, row) => {
    const group = grouping.labels[row] ?? 0;
    const confidence = grouping.confidence?.[row];
    const path = collection.items[item]?.path ?? '';
    const sure = confidence === undefined ? [null, null] : [Number(confidence.toFixed(4)), confidenceWord(confidence)];
    return [path, group + 1, groups[group]?.name ?? `group ${group + 1}`, ...sure];
  });
  return writeCsv([['file', 'group', 'name', 'confidence', 'certainty'], ...rows], { formulas: 'quote' });
}

function resultContent(run: FinishedRun, groups: readonly GroupResult[], madeAt: Date): unknown {
  const { collection, embedded, grouping, metrics, notes, skipped } = run;
  return {
    format: 1,
    madeAt: madeAt.toISOString(),
    images: embedded.items.length,
    reason: grouping.reason,
    inertia: grouping.inertia,
    restarts: grouping.restarts,
    metrics,
    notes,
    groups,
    skipped,
    warnings: embedded.warnings,
    assignments: {
      files: embedded.items.map((item) => collection.items[item]?.path ?? ''),
      groups: Array.from(grouping.labels, (label) => label + 1),
      confidence:
        grouping.confidence === null ? null : Array.from(grouping.confidence, (value) => Number(value.toFixed(4))),
    },
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
