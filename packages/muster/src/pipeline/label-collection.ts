import { resolve } from 'node:path';
import { formatCount, type Emit, type SkippedFile } from '../base/index.ts';
import type { Collection } from '../data/index.ts';
import type { Backbone } from '../models/index.ts';
import { EmbeddingCache } from '../store/index.ts';
import { cacheName } from './cache-name.ts';
import { embedCollection, requireImages } from './embed.ts';
import { openImages, type ImagePlace } from './open-images.ts';
import type { RunLabels, RunModel } from './run-model.ts';
import { readLabels, scoreGroups, type Scores } from './score.ts';

/** Images that a fitted run gave groups to. */
export interface LabelledCollection extends RunLabels {
  /** Name and path of the collection. */
  readonly name: string;
  readonly root: string;
  /** Path of each row. */
  readonly files: readonly string[];
  /** Against the labels; null without labels. */
  readonly metrics: Scores | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly reused: number;
  /** Seconds spent on embedding. */
  readonly seconds: number;
}

/** Which images, and where their embeddings are kept. */
export interface LabelOptions extends ImagePlace {
  /** `folders` or a CSV file; undefined: no scores. */
  readonly labels?: string | undefined;
  readonly store: string;
}

/** A collection that is open, its labels found readable: mistakes show before work starts. @throws MusterError */
export async function openToLabel(options: LabelOptions, emit: Emit, signal: AbortSignal): Promise<Collection> {
  emit({ stage: 'find', message: `looking for images in ${options.source}` });
  const collection = await openImages(options, signal);
  try {
    emit({ stage: 'find', done: collection.items.length, unit: 'images' });
    if (options.labels !== undefined) await readLabels(collection, options.labels);
    return collection;
  } catch (error) {
    await collection.close();
    throw error;
  }
}

/** Embeds the images of an open collection and gives each its group in a fitted run; the run learns nothing from them. */
export async function labelCollection(
  collection: Collection,
  options: LabelOptions,
  model: RunModel,
  backbone: Backbone,
  emit: Emit,
  signal: AbortSignal,
): Promise<LabelledCollection> {
  const cache = await EmbeddingCache.open(options.store, cacheName(backbone.describe()), backbone.dimension, emit);
  const embedded = await embedCollection(collection, resolve(options.source), backbone, cache, emit, signal);
  requireImages(collection, embedded);
  using embeddings = embedded.embeddings;
  const { labels, confidence } = model.label(embeddings);
  const metrics =
    options.labels === undefined ? null : await scoreGroups(collection, options.labels, embedded.items, labels);
  return {
    labels,
    confidence,
    name: collection.name,
    root: collection.root,
    files: embedded.items.map((item) => collection.items[item]?.path ?? ''),
    metrics,
    notes: remarks(labels, options.labels, metrics),
    skipped: [...collection.skipped, ...embedded.skipped],
    reused: embedded.reused,
    seconds: embedded.seconds,
  };
}

function remarks(groups: Int32Array, labels: string | undefined, metrics: Scores | null): string[] {
  const outside = groups.reduce((count, group) => count + (group < 0 ? 1 : 0), 0);
  const notes: string[] = [];
  if (outside > 0) notes.push(`${formatCount(outside, 'image')} fit no group; scores count them as one more group.`);
  if (labels !== undefined && metrics === null) notes.push('No image has a label, so there are no scores.');
  else if (metrics !== null && metrics.labelled < groups.length) {
    const missing = formatCount(groups.length - metrics.labelled, 'image');
    notes.push(`${missing} of ${groups.length} have no label and are not scored.`);
  }
  return notes;
}
