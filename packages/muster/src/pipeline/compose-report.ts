import { formatCount } from '../base/index.ts';
import { confidenceWord } from '../quality/index.ts';
import type { ReportData, ReportGroup, ReportImage } from '../report/index.ts';
import type { FinishedRun, GroupResult, MethodReport, RunSettings, TestResult } from './cluster-result.ts';
import type { Grouping } from './group.ts';
import { nameEvidence } from './name.ts';
import { knowsWords } from './run-backbone.ts';
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
        nouns: group.nouns,
        size: group.size,
        confidence: sureness?.[index] ?? null,
        central: shots(chosen[index]?.central ?? []),
        doubtful: shots(chosen[index]?.doubtful ?? []),
      };
    }),
    notes: [...notes, ...testNotes(run)],
    scores: metrics,
    settings: run.about,
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

/** What a report says of a run on embeddings. */
export function aboutClustering(
  run: Pick<FinishedRun, 'grouping' | 'embedded' | 'collection' | 'method'>,
  settings: RunSettings,
): [string, string][] {
  const { grouping, embedded, collection, method } = run;
  const { backbone } = settings;
  return [
    ['Images', `${formatCount(embedded.items.length, 'image')} in ${collection.root}`],
    ['Number of groups', `${grouping.groups}: ${grouping.reason}`],
    ...methodRows(grouping, method, settings),
    ['Seed', String(settings.seed)],
    [
      'Embeddings',
      `${backbone.title}, trained on ${backbone.weights.trainedOn}, ${backbone.dimension} numbers an image, ${backbone.dtype}`,
    ],
    ['Weights', `${backbone.weights.source} (${backbone.weights.licence})`],
    ...(knowsWords(backbone) ? [['Names', namesText(settings)] satisfies [string, string]] : []),
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

/** A training on images, as the report needs it. */
export interface TrainingAbout {
  readonly images: string;
  readonly method: string;
  readonly methodId: string;
  readonly paper: string;
  readonly set: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly pixels: string;
  readonly arithmetic: string;
  readonly time: string;
  readonly software: string;
}

/** What a report says of a run that trained a network on images. */
export function aboutTraining(run: TrainingAbout): [string, string][] {
  const values = valuesText(run.values);
  return [
    ['Images', run.images],
    ['Pixels', run.pixels],
    ['Method', `${run.method} (${run.methodId})`],
    ['Paper', run.paper],
    ['Options', optionsText(run.set)],
    ...(values === '' ? [] : [['Result', values] satisfies [string, string]]),
    ['Seed', String(run.seed)],
    ['Arithmetic', run.arithmetic],
    ['Time', run.time],
    ['Software', run.software],
  ];
}

function optionsText(set: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return texts.length === 0 ? 'all at their defaults' : `${texts.join(', ')}; the rest at their defaults`;
}

function valuesText(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}

function methodRows(grouping: Grouping, method: MethodReport | null, settings: RunSettings): [string, string][] {
  if (method === null) {
    const { restarts } = grouping;
    const text = restarts === 0 ? 'none needed' : `${settings.method}, best of ${formatCount(restarts, 'start')}`;
    return [['Method', text]];
  }
  const values = valuesText(method.values);
  const rows: [string, string][] = [
    ['Method', `${settings.method} (${settings.methodId ?? ''})`],
    ['Paper', settings.paper ?? ''],
    ['Options', optionsText(settings.set)],
  ];
  if (values !== '') rows.push(['Result', values]);
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
