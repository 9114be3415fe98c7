import { formatCount } from '../base/index.ts';
import { confidenceWord } from '../quality/index.ts';
import type { ReportData, ReportGroup, ReportImage } from '../report/index.ts';
import type { FinishedRun, GroupResult, RunSettings, TestResult } from './cluster-result.ts';
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
    notes: [...notes, ...testNotes(run)],
    scores: metrics,
    settings: settingsTable(run),
    skipped,
  };
}

type Sureness = { sure: number; fair: number; unsure: number };

function countSureness({ grouping, method }: FinishedRun): Sureness[] | null {
  if (method !== null) return null; // its probabilities are no margins, for which the words were set
  const { confidence, labels, groups } = grouping;
  if (confidence === null) return null;
  const counts: Sureness[] = Array.from({ length: groups }, () => ({ sure: 0, fair: 0, unsure: 0 }));
  confidence.forEach((value, row) => {
    const count = counts[labels[row] ?? 0];
    if (count !== undefined) count[confidenceWord(value)] += 1;
  });
  return counts;
}

function settingsTable(run: FinishedRun): [string, string][] {
  const { settings, grouping, embedded, collection } = run;
  const { backbone } = settings;
  return [
    ['Images', `${formatCount(embedded.items.length, 'image')} in ${collection.root}`],
    ['Number of groups', `${grouping.groups}: ${grouping.reason}`],
    ...methodRows(run),
    ['Seed', String(settings.seed)],
    [
      'Embeddings',
      `${backbone.title}, trained on ${backbone.weights.trainedOn}, ${backbone.dimension} numbers an image, ${backbone.dtype}`,
    ],
    ['Weights', `${backbone.weights.source} (${backbone.weights.licence})`],
    ['Names', namesText(settings)],
    ['Software', `muster ${settings.muster}, ${settings.engine}, ${formatCount(settings.threads, 'thread')}`],
  ];
}

function namesText({ nouns, under }: RunSettings): string {
  const all = 'the 1,000 kinds the backbone knows and the WordNet 3.0 words above them';
  const below = under === null ? '' : `, those below “${under}” only`;
  return nouns === null ? `from ${all}${below}` : `from the nouns of ${nouns}, as far as they are among ${all}${below}`;
}

/** Values shown of a method; all of them stand in result.json. */
const wordsShown = 40;

function methodRows({ settings, grouping, method }: FinishedRun): [string, string][] {
  if (method === null) {
    const { restarts } = grouping;
    const text = restarts === 0 ? 'none needed' : `${settings.method}, best of ${formatCount(restarts, 'start')}`;
    return [['Method', text]];
  }
  const set = Object.entries(settings.set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const values = Object.entries(method.values).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  const rows: [string, string][] = [
    ['Method', `${settings.method} (${settings.methodId ?? ''})`],
    ['Paper', settings.paper ?? ''],
    ['Options', set.length === 0 ? 'all at their defaults' : `${set.join(', ')}; the rest at their defaults`],
  ];
  if (values.length > 0) rows.push(['Result', values.join(', ')]);
  if (settings.classes !== null) rows.push(['Given class names', settings.classes.join(', ')]);
  else if (method.words.length > 0) rows.push(['Chosen words', chosenWords(method.words)]);
  return rows;
}

function chosenWords(words: readonly string[]): string {
  const more = words.length > wordsShown ? ` and ${words.length - wordsShown} more` : '';
  return `${words.slice(0, wordsShown).join(', ')}${more}`;
}

/** How the groups do on images they were not found in. */
export function testSentence({ images, source, metrics }: TestResult): string {
  const start = `${formatCount(images, 'image')} of ${source}, in which no groups were sought, were assigned to these`;
  if (metrics === null) return `${start}.`;
  const { acc, nmi, ari } = metrics;
  return `${start}: ACC ${acc.toFixed(3)}, NMI ${nmi.toFixed(3)}, ARI ${ari.toFixed(3)}.`;
}

function testNotes({ test }: FinishedRun): string[] {
  if (test === null) return [];
  return [testSentence({ ...test, source: test.root, images: test.files.length }), ...test.notes];
}
