import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emit } from '../base/index.ts';
import { renderReport } from '../report/index.ts';
import { makeRunFolder, markFolder, modelFolder, recordStore, resultFile, testFile, writeRun } from '../store/index.ts';
import { assignmentsCsv, assignmentsJson, type AssignmentTable } from './assignments-csv.ts';
import type { FinishedRun, GroupResult } from './cluster-result.ts';
import { composeReport } from './compose-report.ts';
import type { LabelledCollection } from './label-collection.ts';
import { chooseImages, loadPictures } from './showcase.ts';

/** Where a run was saved. */
export interface SavedRun {
  readonly folder: string;
  readonly report: string;
  readonly groups: readonly GroupResult[];
}

/**
 * Saves a run: `config.json`, `assignments.csv`, `report.html`, the model in `model/` and, last, `result.json`. Nothing is written before all
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
    'config.json': json({ format: 1, ...run.config, store: recordStore(locations) }),
    'assignments.csv': assignmentsCsv(ownTable(run, groups)),
    ...(run.test === null ? {} : { [testFile]: assignmentsCsv({ ...ownTable(run, groups), ...run.test }) }),
    'report.html': renderReport(composeReport(run, groups, chosen, pictures, madeAt)),
    [resultFile]: json(resultContent(run, groups, madeAt)),
  };
  signal.throwIfAborted();
  const folder = locations.run ?? (await makeRunFolder(locations.store, madeAt));
  await markFolder(locations.run ?? locations.store); // the finder passes marked folders over
  // An earlier run in this folder is none from here on: its parts must not be mixed with ours.
  for (const old of [resultFile, testFile, modelFolder]) await rm(join(folder, old), { recursive: true, force: true });
  await mkdir(join(folder, modelFolder), { recursive: true });
  await run.model.save(join(folder, modelFolder));
  await writeRun(folder, files);
  return { folder, report: join(folder, 'report.html'), groups };
}

function groupResults({ grouping, names, nouns }: FinishedRun): GroupResult[] {
  const sizes = new Array<number>(grouping.groups).fill(0);
  const sums = new Array<number>(grouping.groups).fill(0);
  grouping.labels.forEach((label, row) => {
    if (label < 0) return;
    sizes[label] = (sizes[label] ?? 0) + 1;
    sums[label] = (sums[label] ?? 0) + (grouping.confidence?.[row] ?? 0);
  });
  return sizes.map((size, group) => ({
    id: group + 1,
    name: names[group]?.name ?? null,
    size,
    word: names[group]?.best ?? null,
    runnerUp: names[group]?.runnerUp ?? null,
    nouns: nouns?.[group] ?? [],
    confidence: grouping.confidence === null ? null : (sums[group] ?? 0) / size,
  }));
}

/** The run's own images. */
function ownTable(run: FinishedRun, groups: readonly GroupResult[]): AssignmentTable {
  const { collection, embedded, grouping, method } = run;
  const files = embedded.items.map((item) => collection.items[item]?.path ?? '');
  const { labels, confidence } = grouping;
  return { files, labels, confidence, names: groups.map(({ name }) => name), withWords: method === null };
}

function resultContent(run: FinishedRun, groups: readonly GroupResult[], madeAt: Date): unknown {
  const { embedded, grouping, metrics, notes, skipped, method, test, seconds } = run;
  return {
    format: 1,
    madeAt: madeAt.toISOString(),
    images: embedded.items.length,
    ...(seconds === undefined ? {} : { seconds }),
    reason: grouping.reason,
    inertia: grouping.inertia,
    restarts: grouping.restarts,
    metrics,
    method,
    test: test === null ? null : testContent(test),
    notes,
    groups,
    skipped,
    warnings: embedded.warnings,
    assignments: assignmentsJson(ownTable(run, groups)),
  };
}

function testContent(test: LabelledCollection): unknown {
  const { root, metrics, notes, skipped } = test;
  return { source: root, images: test.files.length, metrics, notes, skipped, assignments: assignmentsJson(test) };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
