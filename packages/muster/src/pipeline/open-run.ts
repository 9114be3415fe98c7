import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { errorMessage, formatCount, MusterError, type Emit } from '../base/index.ts';
import type { Collection } from '../data/index.ts';
import type { Backbone } from '../models/index.ts';
import { chooseLocations, EmbeddingCache, findRun, resultFile, storeName } from '../store/index.ts';
import { cacheName } from './cache-name.ts';
import { embedCollection, type EmbeddedCollection } from './embed.ts';
import { openImages } from './open-images.ts';
import { openRunBackbone, reopenBackbone } from './run-backbone.ts';

/** `config.json`, as far as later commands need it. */
export const savedConfig = z.object({
  source: z.string(),
  followLinks: z.boolean(),
  seed: z.int(),
  /** Its store, as `recordStore` writes it; runs of earlier versions have none. */
  store: z.string().optional(),
  classes: z.array(z.string()).nullable().default(null),
  nouns: z.string().nullable().default(null),
  under: z.string().nullable().default(null),
  labels: z.string().nullable(),
  method: z.string(),
  methodId: z.string().nullable().default(null),
  /** Splits of a data set that were grouped. */
  split: z.string().nullable().default(null),
  as: z.string().nullable().default(null),
  /** None where the run trained its own network. */
  backbone: z
    .object({
      id: z.string(),
      dtype: z.enum(['float32', 'bfloat16']),
      weights: z.object({ source: z.string() }).optional(),
    })
    .optional(),
});

/** `result.json`, as far as later commands need it. */
export const savedResult = z.object({
  groups: z.array(z.object({ id: z.int(), name: z.string().nullable(), size: z.int() })),
  /** Starts of k-means; 0 where it was not k-means by default. */
  restarts: z.int().default(0),
  /** Options of the method, its defaults among them; null for the default way. */
  method: z
    .object({ options: z.record(z.string(), z.unknown()) })
    .nullable()
    .default(null),
  assignments: z.object({
    files: z.array(z.string()),
    groups: z.array(z.int()),
    confidence: z.array(z.number()).nullable(),
  }),
});

/** What a finished run was made with, as far as later commands need it. */
export type SavedConfig = z.infer<typeof savedConfig>;
/** What it found. */
export type SavedResult = z.infer<typeof savedResult>;

/** A finished run with its images and their embeddings at hand. */
export interface OpenRun {
  readonly folder: string;
  readonly config: SavedConfig;
  readonly result: SavedResult;
  readonly collection: Collection;
  readonly backbone: Backbone;
  /** Freed when the work is done. */
  readonly embedded: EmbeddedCollection;
  /** For each row of the embeddings its group, from 0; -1 where the run had no such image. */
  readonly labels: Int32Array;
}

/** Which run, and where its embeddings lie if not in a usual place. */
export interface RunChoice {
  /** Path, store, id or `latest`; see `findRun`. */
  readonly run: string;
  readonly store?: string | undefined;
}

/**
 * Opens a finished run for `work` and closes it afterwards. Images that are new or changed since are embedded.
 *
 * @throws MusterError `store.no-run`, `run.format`, `NO_INPUT` where the images are gone
 */
export async function withRun<T>(
  choice: RunChoice,
  emit: Emit,
  signal: AbortSignal,
  work: (run: OpenRun) => Promise<T>,
): Promise<T> {
  const cwd = process.cwd();
  const { folder, config, result } = await readRun(choice.run, cwd);
  const collection = await openImages(config, signal);
  try {
    const { backbone: saved } = config;
    const backbone = await (saved === undefined ? openRunBackbone(folder) : reopenBackbone(saved));
    try {
      const store = storeOf(folder, config, choice.store, cwd);
      const cache = await EmbeddingCache.open(store, cacheName(backbone.describe()), backbone.dimension, emit);
      const embedded = await embedCollection(collection, resolve(config.source), backbone, cache, emit, signal);
      try {
        warnOfChanges(collection, embedded, result, emit);
        const labels = labelsOf(collection, embedded, result);
        return await work({ folder, config, result, collection, backbone, embedded, labels });
      } finally {
        embedded.embeddings.dispose();
      }
    } finally {
      backbone.dispose();
    }
  } finally {
    await collection.close();
  }
}

/** What is kept of a finished run. */
export type SavedRun = Pick<OpenRun, 'folder' | 'config' | 'result'>;

/** Finds and reads a finished run, but none of its images. @throws MusterError `store.no-run`, `run.format` */
export async function readRun(where: string, cwd: string): Promise<SavedRun> {
  const folder = await findRun(where, cwd);
  const config = await readSaved(join(folder, 'config.json'), savedConfig);
  return { folder, config, result: await readSaved(join(folder, resultFile), savedResult) };
}

/** What a group of a run is called. */
export function groupCaption({ result }: OpenRun, group: number): string {
  const found = result.groups[group];
  return found === undefined ? 'no group' : (found.name ?? `group ${found.id}`);
}

/** The store that holds the run's embeddings: given, recorded, around the run, inside it, or the usual one. */
export function storeOf(
  folder: string,
  { source, store: recorded }: Pick<SavedConfig, 'source' | 'store'>,
  given: string | undefined,
  cwd: string,
): string {
  if (given !== undefined) return chooseLocations({ source, store: given, cwd }).store;
  const usual = storeName(source);
  const places = [dirname(dirname(folder)), join(folder, usual), join(cwd, usual), join(dirname(folder), usual)];
  if (recorded !== undefined) places.unshift(resolve(folder, recorded));
  const found = places.find((place) => existsSync(join(place, 'embeddings')));
  return found ?? chooseLocations({ source, out: folder, cwd }).store;
}

function labelsOf(collection: Collection, { items }: EmbeddedCollection, { assignments }: SavedResult): Int32Array {
  const groups = new Map(assignments.files.map((file, row) => [file, (assignments.groups[row] ?? 0) - 1]));
  return Int32Array.from(items, (item) => groups.get(collection.items[item]?.path ?? '') ?? -1);
}

function warnOfChanges(
  collection: Collection,
  { items }: EmbeddedCollection,
  { assignments }: SavedResult,
  emit: Emit,
): void {
  const known = new Set(assignments.files);
  const added = items.filter((item) => !known.has(collection.items[item]?.path ?? '')).length;
  const gone = assignments.files.length - (items.length - added);
  if (added + gone === 0) return;
  const message = `The images changed since the run: ${formatCount(added, 'image')} more, ${formatCount(gone, 'image')} gone; muster cluster groups them anew`;
  emit({ stage: 'embed', level: 'warning', message });
}

export async function readSaved<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new MusterError('run.format', `cannot be read (${errorMessage(error)})`, {
      where: path,
      fix: 'make the run again',
      cause: error,
    });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MusterError('run.format', `has another form (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`, {
    where: path,
    fix: 'make the run again with this version',
    cause: parsed.error,
  });
}
