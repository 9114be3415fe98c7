import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setThreads, type Tensor } from '@muster/torch';
import { formatCount, MusterError, randomStream, silent, type Emit } from '../base/index.ts';
import { nearestNeighbours } from '../cluster/index.ts';
import { confusionFigure, groupColumnsFigure, lineChart, neighbourFigure } from '../export/index.ts';
import { svgToPng } from '../image/index.ts';
import { acc, confusionTable, matchClusters } from '../metrics/index.ts';
import { isInside, writeFileAtomic } from '../store/index.ts';
import { chanceConsistency, consistencyAxes, consistencyLine, labelConsistency, selectRows } from './figure-data.ts';
import { besideFigure } from './figure-beside.ts';
import { loadFigureImages } from './figure-images.ts';
import { layoutFigures } from './figure-layouts.ts';
import { nounsFigure } from './figure-nouns.ts';
import { openFigureRun, rowCaption, type Drawing, type FigureRun } from './figure-run.ts';
import { sweepFigure } from './figure-sweep.ts';
import {
  figureNames,
  figuresOptions,
  type DrawnFile,
  type FigureName,
  type FiguresOptions,
} from './figures-options.ts';
import type { FiguresOptionsInput, FiguresResult } from './figures-options.ts';
import { groupCaption, readRun, withRun, type OpenRun } from './open-run.ts';
import { parseOptions } from './parse-options.ts';
import { planSweep, type SweepPlan } from './plan-sweep.ts';
import type { SweepResult } from './sweep.ts';

const optionNames = {
  run: '<run>',
  labels: '--labels',
  only: '--only',
  sweep: '--sweep',
  sweepSeeds: '--sweep-seeds',
  beside: '--beside',
  format: '--format',
  out: '--out',
  points: '--points',
  seed: '--seed',
  store: '--store',
  threads: '--threads',
};

/**
 * Draws the papers' figures of a run into SVG or PNG files: label consistency of neighbours, images with their neighbours,
 * layouts of the embeddings in the plane, the confusion matrix, groups with images that are right and wrong, images with their
 * nouns; where asked for, label consistency beside other runs, and scores over the values of an option.
 *
 * @throws MusterError `options`, `labels`; as `withRun`, `planSweep` (before anything runs), `besideFigure`, `sweepFigure`
 */
export async function drawFigures(
  input: FiguresOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<FiguresResult> {
  const options = parseOptions(figuresOptions, input, optionNames);
  if (options.threads !== undefined) setThreads(options.threads);
  const sweeps = await planSweeps(options);
  return withRun(options, emit, signal, (run) => drawAll(run, options, sweeps, emit, signal));
}

async function planSweeps({ run, sweep }: FiguresOptions): Promise<SweepPlan[]> {
  if (sweep === undefined) return [];
  const saved = await readRun(run, process.cwd());
  return Object.entries(sweep).map(([key, values]) => planSweep(saved, key, values));
}

async function drawAll(
  open: OpenRun,
  options: FiguresOptions,
  sweeps: readonly SweepPlan[],
  emit: Emit,
  signal: AbortSignal,
): Promise<FiguresResult> {
  const folder = options.out === undefined ? join(open.folder, 'figures') : resolve(options.out);
  refuseInside(folder, open);
  using run = await openFigureRun(open, options);
  const isSpecial = options.sweep !== undefined || options.beside !== undefined;
  const wanted = figureNames.filter((name) => options.only?.includes(name) ?? !isSpecial);
  const files: DrawnFile[] = [];
  const write = writer(folder, options.format, files);
  const missing: { name: FigureName; reason: string }[] = [];
  for (const [at, name] of wanted.entries()) {
    emit({ stage: 'figures', done: at, total: wanted.length, unit: 'figures' });
    await setImmediate();
    signal.throwIfAborted();
    const reason = whyNot(name, run);
    if (reason !== null) {
      missing.push({ name, reason });
      continue;
    }
    for (const drawing of await draw(name, run, emit, signal)) await write(name, drawing);
  }
  if (options.beside !== undefined) await write('beside', await besideFigure(run, options.beside, emit, signal));
  const results: SweepResult[] = [];
  for (const plan of sweeps) {
    const { drawing, result } = await sweepFigure(run, plan, options.sweepSeeds, emit, signal);
    await write('sweep', drawing);
    results.push(result);
  }
  return { folder, files, missing, sweeps: results };
}

type Write = (name: DrawnFile['name'], drawing: Drawing) => Promise<void>;

/** Writes drawings in the wished format, and lists them in `files`. */
function writer(folder: string, format: FiguresOptions['format'], files: DrawnFile[]): Write {
  return async (name, { file, title, svg }) => {
    const path = join(folder, file);
    const add = async (to: string, content: string | Uint8Array): Promise<void> => {
      await writeFileAtomic(to, content);
      files.push({ name, path: to, title });
    };
    if (format !== 'png') await add(path, svg);
    if (format !== 'svg') await add(path.replace(/\.svg$/u, '.png'), await svgToPng(svg));
  };
}

function whyNot(name: FigureName, { truth, labelled, embedded, backbone }: FigureRun): string | null {
  if (embedded.items.length < 4) return 'there are fewer than four images';
  if (name === 'nouns') return backbone.classifier === null ? `the backbone ${backbone.id} has no words` : null;
  if (name !== 'consistency' && name !== 'confusion' && name !== 'groups') return null;
  if (truth === null) return 'it needs labels (--labels)';
  return labelled.length < 4 ? 'fewer than four images have a label' : null;
}

async function draw(name: FigureName, run: FigureRun, emit: Emit, signal: AbortSignal): Promise<Drawing[]> {
  switch (name) {
    case 'consistency':
      return [consistency(run, signal)];
    case 'neighbours':
      return [await neighbours(run, emit, signal)];
    case 'confusion':
      return [confusion(run)];
    case 'groups':
      return [await groupExamples(run, emit, signal)];
    case 'nouns':
      return [await nounsFigure(run, exampleRows(run, 8), emit, signal)];
    case 'pca':
    case 'umap':
    case 'tsne':
      return layoutFigures(run, name, emit, signal);
  }
}

/** TSP's figure 1: its 20 neighbours by inner product, and by what the groups are made of. */
function consistency(
  { embedded, rows, labelled, truth, collection, backbone }: FigureRun,
  signal: AbortSignal,
): Drawing {
  const labels = Int32Array.from(labelled, (row) => truth?.values[row] ?? -1);
  const k = Math.min(20, labelled.length - 1);
  const share = (x: Tensor, metric: 'cosine' | 'ip'): number[] => {
    using selected = selectRows(x, labelled);
    return labelConsistency(selected, labels, k, metric, signal);
  };
  const chance = chanceConsistency(labels);
  const ranks = Array.from({ length: k }, (_, at) => at + 1);
  const byProduct = share(embedded.embeddings, 'ip');
  const title = `Label consistency at K = ${k}: ${(byProduct.at(-1) ?? 0).toFixed(3)} by inner product`;
  const svg = lineChart({
    title,
    subtitle: [
      `${formatCount(labelled.length, 'labelled image')} of ${collection.name}, ${backbone.describe().title}. Share of the K nearest others of an image that have its label, the mean over the images.`,
    ],
    ...consistencyAxes,
    x: ranks,
    lines: [
      consistencyLine('cosine, mean taken out', share(rows, 'cosine')),
      consistencyLine('inner product', byProduct),
      { name: 'chance', values: ranks.map(() => chance), isReference: true },
    ],
  });
  return { file: 'consistency.svg', title, svg };
}

/** Rows that stand for the collection: one drawn from each of its largest groups. */
function exampleRows({ labels, result, seed }: FigureRun, count: number): number[] {
  const random = randomStream(seed, 'figures', 'examples');
  const members: number[][] = result.groups.map(() => []);
  labels.forEach((group, row) => members[group]?.push(row));
  const rows = members.flatMap((group) => (group.length === 0 ? [] : [group[random.below(group.length)] ?? 0]));
  if (rows.length > 0) return rows.slice(0, count);
  return Array.from({ length: Math.min(count, labels.length) }, (_, row) => row); // the run knows none of the images
}

const neighbourRowsShown = 8;
const neighboursShown = 5;

async function neighbours(run: FigureRun, emit: Emit, signal: AbortSignal): Promise<Drawing> {
  const examples = exampleRows(run, neighbourRowsShown);
  using query = selectRows(run.rows, examples);
  const k = Math.min(neighboursShown + 1, run.rows.shape[0] ?? 0);
  const found = nearestNeighbours(run.rows, { k, query, metric: 'cosine', signal });
  using indices = found.indices;
  using values = found.values;
  const near = examples.map((row, at) => {
    const others = indices
      .select(0, at)
      .toNumbers()
      .map((other, rank) => ({ other, rank }));
    const scores = values.select(0, at).toNumbers();
    return others.filter(({ other }) => other !== row).slice(0, neighboursShown).map(({ other, rank }) => ({ row: other, similarity: scores[rank] ?? 0 })); // prettier-ignore
  });
  const shown = [...new Set([...examples, ...near.flatMap((list) => list.map(({ row }) => row))])];
  const images = await loadFigureImages(run, shown, emit, signal);
  const entry = (row: number) => ({ image: images.get(row) ?? { path: '', uri: null }, caption: rowCaption(run, row) });
  const title = 'Images and their five nearest neighbours';
  const what = run.truth === null ? 'group' : 'label';
  const svg = neighbourFigure({
    title,
    subtitle: [
      `First column: one image drawn from each of the largest groups of ${run.collection.name}. By the cosine of the embeddings from which the mean was taken; ≠ marks another ${what}.`,
    ],
    rows: examples.map((row, at) => ({
      ...entry(row),
      neighbours: (near[at] ?? []).map(({ row: other, similarity }) => ({ ...entry(other), similarity })),
    })),
  });
  return { file: 'neighbours.svg', title, svg };
}

function confusion(run: FigureRun): Drawing {
  const { truth, labelled, labels } = run;
  const rows = labelled.filter((row) => (labels[row] ?? -1) >= 0);
  const known = Int32Array.from(rows, (row) => truth?.values[row] ?? -1);
  const found = Int32Array.from(rows, (row) => labels[row] ?? -1);
  const table = confusionTable(known, found);
  const columns = new Map(table.clusters.map((group, column) => [group, column]));
  const pairs = new Map(matchClusters(known, found).map((pair) => [pair.class, columns.get(pair.cluster) ?? -1]));
  const title = `Labels and groups: ACC ${acc(known, found).toFixed(3)}`;
  const svg = confusionFigure({
    title,
    subtitle: [
      `${formatCount(rows.length, 'labelled image')} of ${run.collection.name}: ${run.config.method}. Rows are labels, columns groups in the order of the labels that they are matched with (framed); shades are shares of a row.`,
    ],
    classes: table.classes.map((label) => truth?.classes[Number(label)] ?? String(label)),
    groups: table.clusters.map((group) => groupCaption(run, Number(group))),
    counts: table.counts,
    matched: table.classes.map((label) => pairs.get(label) ?? -1),
  });
  return { file: 'confusion.svg', title, svg };
}

const rightShown = 3;
const wrongShown = 1;

/** MMDC's figure 3: of each group three images that are right and one that is wrong. */
async function groupExamples(run: FigureRun, emit: Emit, signal: AbortSignal): Promise<Drawing> {
  const found = chooseExamples(run);
  const rows = found.flatMap(({ right, wrong }) => [...right, ...wrong]);
  const images = await loadFigureImages(run, rows, emit, signal);
  const image = (row: number) => images.get(row) ?? { path: '', uri: null };
  const title = 'Groups with images that are right and wrong';
  const label = (row: number): string => run.truth?.classes[run.truth.values[row] ?? -1] ?? '';
  const svg = groupColumnsFigure({
    title,
    subtitle: [
      `${run.config.method} on ${run.collection.name}. A column is a group under the label that it is matched with; the framed image has the label below it. Images are drawn at random.`,
    ],
    columns: found.map(({ name, right, wrong }) => ({
      name,
      right: right.map(image),
      wrong: wrong.map((row) => ({ image: image(row), label: label(row) })),
    })),
  });
  return { file: 'groups.svg', title, svg };
}

interface GroupExamples {
  readonly name: string;
  readonly right: readonly number[];
  readonly wrong: readonly number[];
}

/** Rows of each group that is matched with a label, in the order of the labels. */
function chooseExamples({ truth, labelled, labels, seed }: FigureRun): GroupExamples[] {
  const rows = labelled.filter((row) => (labels[row] ?? -1) >= 0);
  const known = Int32Array.from(rows, (row) => truth?.values[row] ?? -1);
  const pairs = matchClusters(
    known,
    Int32Array.from(rows, (row) => labels[row] ?? -1),
  );
  const random = randomStream(seed, 'figures', 'groups');
  return pairs.map(({ class: own, cluster }) => {
    const members = random.shuffle(rows.filter((row) => labels[row] === Number(cluster)));
    const isRight = (row: number): boolean => truth?.values[row] === Number(own);
    return {
      name: truth?.classes[Number(own)] ?? String(own),
      right: members.filter(isRight).slice(0, rightShown),
      wrong: members.filter((row) => !isRight(row)).slice(0, wrongShown),
    };
  });
}

function refuseInside(folder: string, { collection, config }: OpenRun): void {
  if (collection.kind !== 'folder' || !isInside(folder, config.source)) return;
  throw new MusterError('store.inside-images', `the figures would land inside the image folder ${config.source}`, {
    kind: 'usage',
    fix: 'choose a place outside it with --out DIR',
  });
}
