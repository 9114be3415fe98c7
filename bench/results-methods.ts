/**
 * Every method on collections of known kinds, by the embedded backbone, K given:
 * `node --conditions=muster-source bench/results-methods.ts COLLECTION[=LABELS.csv]...`. Writes the section of
 * docs/results.md. Labels are read by the scores alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { csvLabels, folderLabels, openCollection } from '../packages/muster/src/data/index.ts';
import { clusterFolder } from '../packages/muster/src/pipeline/index.ts';
import { machineLine, scoreCells, SEEDS, today, writeSection } from './results-page.ts';
import type { Scores } from './results-page.ts';

interface Line {
  readonly title: string;
  readonly method?: string;
  readonly set?: Record<string, unknown>;
  /** Nothing in it is drawn at random. */
  readonly fixed?: boolean;
}

const LINES: readonly Line[] = [
  { title: 'muster cluster (spherical k-means, centred)' },
  { title: 'agglomerative (Ward)', method: 'agglomerative', fixed: true },
  { title: 'spectral', method: 'spectral' },
  { title: 'mixture', method: 'mixture' },
  { title: 'birch', method: 'birch', fixed: true },
  { title: 'umap', method: 'umap' },
  { title: 'tsp', method: 'tsp' },
  { title: 'scan', method: 'scan' },
  { title: 'tac, without training', method: 'tac', set: { training: 'none' } },
  { title: 'tac, trained', method: 'tac' },
];

interface Source {
  readonly source: string;
  readonly labels: string;
}

async function numberOfKinds({ source, labels }: Source): Promise<number> {
  const collection = await openCollection(source);
  try {
    const found = labels === 'folders' ? folderLabels(collection) : await csvLabels(collection, labels);
    return found.classes.length;
  } finally {
    await collection.close();
  }
}

/** A row of the table for each method. */
async function rowsOf(from: Source, store: string): Promise<string[]> {
  const groups = await numberOfKinds(from);
  const rows: string[] = [];
  for (const { title, method, set = {}, fixed = false } of LINES) {
    const scores: Scores[] = [];
    const seconds: number[] = [];
    for (let seed = 0; seed < (fixed ? 1 : SEEDS); seed++) {
      const result = await clusterFolder({ ...from, store, groups, seed, method, set });
      if (result.metrics === null) throw new Error(`${from.source} has no labels`);
      scores.push(result.metrics);
      seconds.push(result.seconds.group);
    }
    const [only] = scores;
    const cells =
      fixed && only ? [only.acc, only.nmi, only.ari].map((score) => score.toFixed(3)).join(' | ') : scoreCells(scores);
    const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
    rows.push(`| ${basename(from.source)} | ${groups} | ${title} | ${cells} | ${mean.toFixed(1)} |`);
    process.stdout.write(`${rows.at(-1) ?? ''}\n`);
  }
  return rows;
}

const sources = process.argv.slice(2).map((argument): Source => {
  const [source = '', labels = 'folders'] = argument.split('=');
  return { source, labels };
});
if (sources.length === 0) throw new Error('name the collections: tars or folders, or FOLDER=LABELS.csv');
const work = mkdtempSync(join(tmpdir(), 'muster-results-'));
try {
  const rows: string[] = [];
  for (const source of sources) rows.push(...(await rowsOf(source, join(work, basename(source.source)))));
  const text = [
    machineLine(),
    `Date: ${today()}. Mean ± standard deviation of seeds 0 to ${SEEDS - 1} (one run where nothing is random); the methods' defaults; fitted and scored on all images, K given; seconds of grouping alone.`,
    '',
    '| Collection | K | Method | ACC | NMI | ARI | seconds |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  writeSection('methods', text);
} finally {
  rmSync(work, { recursive: true, force: true });
}
