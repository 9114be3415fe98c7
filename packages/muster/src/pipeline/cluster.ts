import { resolve } from 'node:path';
import { engineInfo, setThreads, threads, type Tensor } from '@muster/torch';
import { formatCount, MusterError, silent, type Emit, type SkippedFile } from '../base/index.ts';
import { openCollection, type Collection } from '../data/index.ts';
import { openBackbone, type Backbone, type BackboneDescription } from '../models/index.ts';
import { checkRunFolder, checkWritable, chooseLocations, EmbeddingCache, type Locations } from '../store/index.ts';
import type { ClusterResult, RunSettings } from './cluster-result.ts';
import { clusterOptions, type ClusterOptions, type ClusterOptionsInput } from './cluster-options.ts';
import { embedCollection, type EmbeddedCollection } from './embed.ts';
import { groupEmbeddings, requireEnough } from './group.ts';
import { nameWithBackbone } from './name.ts';
import { parseOptions } from './parse-options.ts';
import { readLabels, scoreGroups, type Scores } from './score.ts';
import { packageVersion } from './version.ts';
import { saveRun } from './save-run.ts';

/** How the command writes options that have another name there. */
const optionNames = {
  groups: '-k',
  seed: '--seed',
  threads: '--threads',
  restarts: '--restarts',
  out: '--out',
  store: '--store',
  labels: '--labels',
  followLinks: '--follow-links',
};

/**
 * From a folder of images to named groups: find and decode the images, embed them, group them, name the groups, score
 * them where labels are given, save a report. What is embedded is kept, so another number of groups is quick.
 *
 * @throws MusterError naming what is wrong, where, and what to do; `options` where they do not fit
 */
export async function clusterFolder(
  input: ClusterOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<ClusterResult> {
  const options = parseOptions(clusterOptions, input, optionNames);
  const start = performance.now();
  const locations = chooseLocations({ ...options, cwd: process.cwd() });
  await checkWritable(locations.store);
  if (locations.run !== null) {
    await checkRunFolder(locations.run, locations.store);
    await checkWritable(locations.run);
  }
  if (options.threads !== undefined) setThreads(options.threads);
  emit({ stage: 'find', message: 'looking for images' });
  const collection = await openCollection(options.source, { followLinks: options.followLinks, signal });
  try {
    emit({ stage: 'find', done: collection.items.length, unit: 'images' });
    requireEnough(options.groups, collection.items.length);
    if (options.labels !== undefined) await readLabels(collection, options.labels);
    const backbone = openBackbone();
    try {
      return await run(options, locations, collection, backbone, start, emit, signal);
    } finally {
      backbone.dispose();
    }
  } finally {
    await collection.close();
  }
}

async function run(
  options: ClusterOptions,
  locations: Locations,
  collection: Collection,
  backbone: Backbone,
  start: number,
  emit: Emit,
  signal: AbortSignal,
): Promise<ClusterResult> {
  const settings = settingsOf(options, backbone);
  const name = cacheName(settings.backbone);
  const cache = await EmbeddingCache.open(locations.store, name, backbone.dimension, emit);
  const embedded = await embedCollection(collection, resolve(options.source), backbone, cache, emit, signal);
  const skipped = [...collection.skipped, ...embedded.skipped];
  requireImages(collection, embedded);
  using embeddings: Tensor = embedded.embeddings;
  const grouped = performance.now();
  const grouping = await groupEmbeddings(
    embeddings,
    { groups: options.groups, seed: options.seed, restarts: options.restarts },
    emit,
    signal,
  );
  emit({ stage: 'name', message: 'naming the groups' });
  const names = nameWithBackbone(backbone, embeddings, grouping.labels, grouping.groups);
  const groupSeconds = (performance.now() - grouped) / 1000;
  const metrics =
    options.labels === undefined
      ? null
      : await scoreGroups(collection, options.labels, embedded.items, grouping.labels);
  const notes = [...grouping.notes, ...remarks(embedded, skipped, options, metrics)];
  const finished = { collection, locations, embedded, grouping, names, settings, metrics, notes, skipped };
  const saved = await saveRun(finished, emit, signal);
  return {
    settings,
    images: embedded.items.length,
    groups: saved.groups,
    reason: grouping.reason,
    metrics,
    notes,
    skipped,
    reused: embedded.reused,
    seconds: { embed: embedded.seconds, group: groupSeconds, all: (performance.now() - start) / 1000 },
    folder: saved.folder,
    report: saved.report,
  };
}

function settingsOf(options: ClusterOptions, backbone: Backbone): RunSettings {
  return {
    muster: packageVersion(),
    source: resolve(options.source),
    followLinks: options.followLinks,
    method: 'spherical k-means on centred embeddings',
    groups: options.groups ?? null,
    seed: options.seed,
    restarts: options.restarts ?? null,
    labels: options.labels ?? null,
    threads: threads(),
    engine: `libtorch ${engineInfo().version}`,
    backbone: backbone.describe(),
  };
}

/** A folder for embeddings that must not be mixed: other weights, input or precision give another. */
function cacheName({ id, dtype, weights, preprocessing }: BackboneDescription): string {
  return `${id}-${weights.sourceSha256.slice(0, 8)}-${preprocessing.inputSize}px-${dtype}`;
}

function requireImages(collection: Collection, { items, skipped }: EmbeddedCollection): void {
  if (items.length > 0) return;
  const first = skipped[0];
  throw new MusterError(
    'NO_IMAGES',
    `none of the ${formatCount(skipped.length, 'image')} could be read (${first?.message ?? 'none found'})`,
    {
      where: collection.root,
      fix: 'check that the files are whole',
    },
  );
}

function remarks(
  embedded: EmbeddedCollection,
  skipped: readonly SkippedFile[],
  { labels }: ClusterOptions,
  metrics: Scores | null,
): string[] {
  const images = embedded.items.length;
  const notes: string[] = [];
  if (skipped.length > 0.1 * (skipped.length + images)) {
    notes.push(
      `${skipped.length} of ${skipped.length + images} files were left out, more than a tenth; the report lists them.`,
    );
  }
  if (embedded.warnings.length > 0) {
    notes.push(
      `${formatCount(embedded.warnings.length, 'image')} decoded with complaints and may be damaged, such as ${embedded.warnings[0]?.path ?? ''}.`,
    );
  }
  if (labels !== undefined && metrics === null) notes.push('No grouped image has a label, so there are no scores.');
  else if (metrics !== null && metrics.labelled < images)
    notes.push(`${formatCount(images - metrics.labelled, 'image')} of ${images} have no label and are not scored.`);
  return notes;
}
