/**
 * Every method on collections of known kinds, by the embedded backbone, K given; lines that are told the class names where the backbone
 * knows them all:
 * `node --conditions=muster-source bench/results-methods.ts COLLECTION[=LABELS.csv]...`. Writes the section of
 * docs/results.md. Labels are read by the scores alone.
 */
import { labelledEmbeddings } from './labelled-embeddings.ts';
import { machineLine, mergeRows, scoreCells, SEEDS, today, writeSection } from './results-page.ts';
import { scoreMethod } from './score-method.ts';
import type { Line } from './score-method.ts';

/** A line that may need the names of the classes. */
interface MethodLine extends Line {
  readonly named?: true;
}

const LINES: readonly MethodLine[] = [
  { title: 'k-means', method: 'k-means' },
  { title: 'k-means, spherical', method: 'k-means', set: { metric: 'spherical' } },
  { title: 'agglomerative (Ward)', method: 'agglomerative', fixed: true },
  { title: 'spectral', method: 'spectral' },
  { title: 'mixture (diagonal)', method: 'mixture' },
  { title: 'dbscan', method: 'dbscan', fixed: true },
  { title: 'birch', method: 'birch', fixed: true },
  { title: 'nmf', method: 'nmf' },
  { title: 'umap', method: 'umap' },
  { title: 'tsp', method: 'tsp' },
  { title: 'scan', method: 'scan' },
  { title: 'tac, text counterparts alone', method: 'tac', set: { training: 'counterparts' } },
  { title: 'tac, without training', method: 'tac', set: { training: 'none' } },
  { title: 'tac, trained', method: 'tac' },
  { title: 'tac, told the class names', method: 'tac', set: { classNames: true }, named: true },
  { title: 'zero-shot, told the class names', method: 'zero-shot', fixed: true, named: true },
];

const collections = process.argv.slice(2);
if (collections.length === 0) throw new Error('name the collections: tars or folders, or FOLDER=LABELS.csv');
const rows: string[] = [];
for (const collection of collections) {
  const data = await labelledEmbeddings(collection);
  const hasNames = data.images.text?.classes !== undefined;
  for (const line of LINES.filter(({ named }) => named !== true || hasNames)) {
    const { scores, seconds, peakBytes } = await scoreMethod(line, data, SEEDS);
    const size = data.truth.length.toLocaleString('en');
    rows.push(
      `| ${data.name} | ${size} | ${data.classes} | ${line.title} | ${scoreCells(scores)} | ${seconds.toFixed(1)} | ${Math.round(peakBytes / 2 ** 20)} |`,
    );
    process.stdout.write(`${rows.at(-1) ?? ''}\n`);
  }
  data.images[Symbol.dispose]();
}
writeSection(
  'methods',
  [
    machineLine(),
    `Date: ${today()}. Mean ± standard deviation of seeds 0 to ${SEEDS - 1} (one run where nothing is random); the methods' defaults; fitted and scored on all images, K given; seconds of a fit alone; MB of memory at most beyond the embeddings.`,
    '',
    '| Collection | images | K | Method | ACC | NMI | ARI | seconds | MB |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...mergeRows('methods', rows),
  ].join('\n'),
);
