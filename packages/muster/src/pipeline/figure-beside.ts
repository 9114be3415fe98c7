import { basename, dirname } from 'node:path';
import type { Tensor } from '@muster/torch';
import { formatCount, MusterError, type Emit } from '../base/index.ts';
import { lineChart, type Line } from '../export/index.ts';
import { chanceConsistency, consistencyAxes, consistencyLine, labelConsistency, selectRows } from './figure-data.ts';
import type { Drawing, FigureRun } from './figure-run.ts';
import { withRun, type OpenRun } from './open-run.ts';

/** Embeddings of one run. */
export interface BesideEntry {
  /** Folder of the run. */
  readonly folder: string;
  /** Title of the backbone. */
  readonly backbone: string;
  /** (N, D) as the backbone gives them. */
  readonly embeddings: Tensor;
  /** Path of the image of each row. */
  readonly paths: readonly string[];
}

/** Labelled images that runs have to share: with fewer there are no neighbours to speak of. */
const fewestShared = 4;
const neighboursShown = 20;

/**
 * TSP's figure 1 by backbone: label consistency of the same images in the embeddings of several runs.
 *
 * @param others runs, as `findRun` takes them
 * @throws MusterError `figures.beside` where there are no labels, a run is given twice, or runs share fewer than four labelled
 *   images; as `withRun`
 */
export async function besideFigure(
  run: FigureRun,
  others: readonly string[],
  emit: Emit,
  signal: AbortSignal,
): Promise<Drawing> {
  if (run.truth === null) throw refuse('the runs are compared by labels, and this one has none', 'give --labels');
  using owned = new DisposableStack();
  const entries = [entryOf(run)];
  for (const [at, other] of others.entries()) {
    emit({ stage: 'figures', message: `embeddings of ${other} (${at + 1} of ${others.length})` });
    const entry = await withRun({ run: other }, emit, signal, (open) => Promise.resolve(ownEntry(open)));
    owned.use(entry.embeddings);
    if (entries.some(({ folder }) => folder === entry.folder))
      throw refuse(`the run ${entry.folder} is there already`, 'give other runs to --beside');
    entries.push(entry);
  }
  const labels = new Map(run.labelled.map((row) => [entries[0]?.paths[row] ?? '', run.truth?.values[row] ?? -1]));
  return compareRuns(entries, labels, run.collection.name, signal);
}

/** The same with a copy of the embeddings: the run's own are freed when it is closed. */
function ownEntry(open: OpenRun): BesideEntry {
  const entry = entryOf(open);
  return { ...entry, embeddings: entry.embeddings.clone() };
}

function entryOf({ folder, backbone, embedded, collection }: OpenRun): BesideEntry {
  const paths = embedded.items.map((item) => collection.items[item]?.path ?? '');
  return { folder, backbone: backbone.describe().title, embeddings: embedded.embeddings, paths };
}

/**
 * The chart: a line for each run over the images that all of them have.
 *
 * @param labels label of each labelled image by its path
 * @throws MusterError `figures.beside`
 */
export function compareRuns(
  entries: readonly BesideEntry[],
  labels: ReadonlyMap<string, number>,
  collection: string,
  signal: AbortSignal,
): Drawing {
  const rows = entries.map(({ paths }) => new Map(paths.map((path, row) => [path, row])));
  rows.forEach((own, at) => refuseFew([...labels.keys()].filter((path) => own.has(path)).length, entries[at]));
  const shared = [...labels.keys()].filter((path) => rows.every((own) => own.has(path)));
  refuseFew(shared.length, undefined);
  const known = Int32Array.from(shared, (path) => labels.get(path) ?? -1);
  const k = Math.min(neighboursShown, shared.length - 1);
  const names = runNames(entries.map(({ folder }) => folder));
  const lines = entries.map(({ embeddings, backbone }, at): Line => {
    const places = shared.map((path) => rows[at]?.get(path) ?? 0);
    using selected = selectRows(embeddings, places);
    return consistencyLine(`${backbone}, run ${names[at] ?? ''}`, labelConsistency(selected, known, k, 'ip', signal));
  });
  const ranks = Array.from({ length: k }, (_, at) => at + 1);
  const chance = chanceConsistency(known);
  const title = titleOf(entries, names);
  const svg = lineChart({
    title,
    subtitle: [
      `${formatCount(shared.length, 'labelled image')} of ${collection} that ${entries.length === 2 ? 'both' : `all ${entries.length}`} runs have. Share of the K nearest others of an image, by the inner product of the embeddings as they are, that have its label; the mean over the images.`,
    ],
    ...consistencyAxes,
    x: ranks,
    lines: [...lines, { name: 'chance', values: ranks.map(() => chance), isReference: true }],
  });
  return { file: 'consistency-beside.svg', title, svg };
}

/** `a, b and c` */
function listText(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), names.at(-1) ?? ''].filter((part) => part !== '').join(' and ');
}

function titleOf(entries: readonly BesideEntry[], names: readonly string[]): string {
  const backbones = new Set(entries.map(({ backbone }) => backbone));
  if (backbones.size === 1) return `Label consistency by run: ${[...backbones].join('')}, runs ${listText(names)}`;
  const both = entries.map(({ backbone }, at) => `${backbone} (run ${names[at] ?? ''})`);
  return `Label consistency by backbone: ${listText(both)}`;
}

function refuseFew(shared: number, entry: BesideEntry | undefined): void {
  if (shared >= fewestShared) return;
  const who = entry === undefined ? 'the runs together share' : `the run ${entry.folder} shares`;
  throw refuse(
    `${who} ${formatCount(shared, 'labelled image')} with this one, by their paths below the image folder; ${fewestShared} are needed`,
    'give runs of the same images',
  );
}

/** What runs are called: the names of their folders, with those of their stores where these are the same. */
export function runNames(folders: readonly string[]): string[] {
  const short = folders.map((folder) => basename(folder));
  return folders.map((folder, at) => {
    const name = short[at] ?? '';
    if (short.filter((other) => other === name).length < 2) return name;
    const parent = dirname(folder);
    return `${basename(basename(parent) === 'runs' ? dirname(parent) : parent)}/${name}`;
  });
}

function refuse(what: string, fix: string): MusterError {
  return new MusterError('figures.beside', what, { where: '--beside', kind: 'usage', fix });
}
