import { formatCount } from '../base/index.ts';
import { confidenceWord } from '../quality/index.ts';
import type { ReportData, ReportGroup, ReportImage } from '../report/index.ts';
import type { FinishedRun, GroupResult } from './cluster-result.ts';
import { nameEvidence } from './name.ts';
import type { Chosen } from './showcase.ts';

/** What the report shows of a finished run. */
export function composeReport(
  run: FinishedRun,
  groups: readonly GroupResult[],
  chosen: readonly Chosen[],
  pictures: ReadonlyMap<number, ReportImage>,
  madeAt: Date,
): ReportData {
  const { collection, embedded, metrics, notes, skipped } = run;
  const shots = (rows: readonly number[]): ReportImage[] => rows.flatMap((row) => pictures.get(row) ?? []);
  const sureness = countSureness(run);
  return {
    title: collection.name,
    source: collection.root,
    madeAt: madeAt.toISOString(),
    images: embedded.items.length,
    groups: groups.map((group, index): ReportGroup => {
      const named = run.names[index];
      return {
        number: group.id,
        name: group.name,
        evidence: named === undefined ? null : nameEvidence(named),
        size: group.size,
        confidence: sureness?.[index] ?? null,
        central: shots(chosen[index]?.central ?? []),
        doubtful: shots(chosen[index]?.doubtful ?? []),
      };
    }),
    notes,
    scores: metrics,
    settings: settingsTable(run),
    skipped,
  };
}

type Sureness = { sure: number; fair: number; unsure: number };

function countSureness({ grouping }: FinishedRun): Sureness[] | null {
  const { confidence, labels, groups } = grouping;
  if (confidence === null) return null;
  const counts: Sureness[] = Array.from({ length: groups }, () => ({ sure: 0, fair: 0, unsure: 0 }));
  confidence.forEach((value, row) => {
    const count = counts[labels[row] ?? 0];
    if (count !== undefined) count[confidenceWord(value)] += 1;
  });
  return counts;
}

function settingsTable({ settings, grouping, embedded, collection }: FinishedRun): [string, string][] {
  const { backbone } = settings;
  return [
    ['Images', `${formatCount(embedded.items.length, 'image')} in ${collection.root}`],
    ['Number of groups', `${grouping.groups}: ${grouping.reason}`],
    [
      'Method',
      grouping.restarts === 0
        ? 'none needed'
        : `${settings.method}, best of ${formatCount(grouping.restarts, 'start')}`,
    ],
    ['Seed', String(settings.seed)],
    [
      'Embeddings',
      `${backbone.title}, trained on ${backbone.weights.trainedOn}, ${backbone.dimension} numbers an image, ${backbone.dtype}`,
    ],
    ['Weights', `${backbone.weights.source} (${backbone.weights.licence})`],
    ['Names', 'from the 1,000 kinds the backbone knows and the WordNet 3.0 words above them'],
    ['Software', `muster ${settings.muster}, ${settings.engine}, ${formatCount(settings.threads, 'thread')}`],
  ];
}
