/**
 * How well `muster cluster` groups collections of known kinds, beside scikit-learn's k-means on the same features:
 * `node --conditions=muster-source bench/results-first-clusters.ts COLLECTION...` (tars or folders, one folder a class).
 * Writes the section of docs/results.md. Labels are read by the scores alone.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scope, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { readSafetensors, writeSafetensors } from '@muster/torch/io';
import { folderLabels, openCollection } from '../packages/muster/src/data/index.ts';
import { acc, ari, nmi } from '../packages/muster/src/metrics/index.ts';
import { clusterFolder } from '../packages/muster/src/pipeline/index.ts';
import { EmbeddingCache, identityKey } from '../packages/muster/src/store/index.ts';
import { machineLine, scoreCells, SEEDS, today, writeSection } from './results-page.ts';
import type { Scores } from './results-page.ts';

const DIMENSION = 1280;
const PEER = fileURLToPath(new URL('peers/kmeans_labels.py', import.meta.url));

interface CollectionResult {
  readonly name: string;
  readonly images: number;
  readonly classes: number;
  readonly imagesPerSecond: number;
  readonly estimated: number;
  readonly ours: readonly Scores[];
  readonly peer: readonly Scores[];
  readonly peerVersion: string;
}

/** Groups a collection once a seed, and once without K. */
async function measureCollection(source: string, work: string): Promise<CollectionResult> {
  const store = join(work, basename(source));
  const collection = await openCollection(source);
  const labels = folderLabels(collection);
  const classes = labels.classes.length;
  const ours: Scores[] = [];
  let imagesPerSecond = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const result = await clusterFolder({ source, store, groups: classes, seed, labels: 'folders' });
    if (result.metrics === null) throw new Error(`${source} has no labels`);
    if (result.reused === 0) imagesPerSecond = result.images / result.seconds.embed;
    ours.push(result.metrics);
  }
  const free = await clusterFolder({ source, store });
  const features = await readFeatures(source, store);
  const { found, version } = peerLabels(features, classes, work);
  await collection.close();
  const truth = labels.values;
  const peer = found.map((groups) => ({ acc: acc(truth, groups), nmi: nmi(truth, groups), ari: ari(truth, groups) }));
  return {
    name: basename(source).replace(/\.tar(\.gz)?$/u, ''),
    images: collection.items.length,
    classes,
    imagesPerSecond,
    estimated: free.groups.length,
    ours,
    peer,
    peerVersion: version,
  };
}

/** The embeddings that the runs kept, in the collection's order. */
async function readFeatures(source: string, store: string): Promise<Float32Array> {
  const collection = await openCollection(source);
  const root = resolve(source);
  const keys = collection.items.map((item) =>
    identityKey({ root, path: item.bytes, sizeBytes: item.sizeBytes, mtimeMs: item.mtimeMs }),
  );
  await collection.close();
  const [folder = ''] = readdirSync(join(store, 'embeddings'));
  const cache = await EmbeddingCache.open(store, folder, DIMENSION, () => undefined);
  const missing = keys.filter((key) => !cache.has(key)).length;
  if (missing > 0) throw new Error(`${missing} images of ${source} were left out: the comparison wants all of them`);
  const rows = new Float32Array(keys.length * DIMENSION);
  cache.read(keys, rows);
  return rows;
}

/** scikit-learn's groups of the same centred unit rows, one vector a seed. */
function peerLabels(rows: Float32Array, groups: number, work: string): { found: BigInt64Array[]; version: string } {
  const [input, output] = [join(work, 'features.safetensors'), join(work, 'labels.safetensors')];
  scope(() => {
    const x = tensor(rows, [rows.length / DIMENSION, DIMENSION]);
    const centred = x.sub(x.mean([0], true));
    writeSafetensors(input, { x: centred.div(torch.linalgVectorNorm(centred, 2, [1], true)) });
  });
  const python = join(
    resolve(process.env['MUSTER_PEERS'] ?? join(homedir(), '.cache', 'muster', 'peers')),
    'bin',
    'python',
  );
  if (!existsSync(python)) throw new Error(`no Python of the peers at ${python}: run \`bash bench/make-peers.sh\``);
  const version = execFileSync(python, [PEER, input, output, String(groups), String(SEEDS)], {
    encoding: 'utf8',
  }).trim();
  const found = scope(() => {
    const labels = readSafetensors(output).get('labels');
    if (labels === undefined) throw new Error('the peer left no labels');
    return Array.from({ length: SEEDS }, (_, seed) => labels.select(0, seed).toTypedArray() as BigInt64Array);
  });
  return { found, version };
}

/** The section as Markdown. */
function section(results: readonly CollectionResult[]): string {
  const rows = results.flatMap(
    ({ name: set, images, classes, estimated, imagesPerSecond, ours, peer, peerVersion }) => [
      `| ${set}, ${images.toLocaleString('en-US')} images | ${classes} | muster cluster | ${scoreCells(ours)} | ${imagesPerSecond.toFixed(0)} | ${estimated} |`,
      `| | ${classes} | scikit-learn ${peerVersion}, KMeans, 10 starts | ${scoreCells(peer)} | | |`,
    ],
  );
  return [
    machineLine(),
    `Date: ${today()}. Mean ± standard deviation of seeds 0 to ${SEEDS - 1}; both sides group the same centred unit rows of all images, K given.`,
    '',
    '| Collection | K | Method | ACC | NMI | ARI | images/s | K without -k |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const sources = process.argv.slice(2);
if (sources.length === 0) throw new Error('name the collections: tars or folders with one folder a class');
const work = mkdtempSync(join(tmpdir(), 'muster-results-'));
try {
  const results: CollectionResult[] = [];
  for (const source of sources) results.push(await measureCollection(source, work));
  const text = section(results);
  writeSection('first-clusters', text);
  process.stdout.write(`${text}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
