import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Collection } from '../data/index.ts';
import { markFolder } from '../store/index.ts';
import type { RunSettings } from './cluster-result.ts';

/**
 * The folder in a store where a method that trains on embeddings keeps checkpoints until its run is saved: another setting or image gives
 * another one, so the same command goes on from there and no other does.
 */
export async function unfinishedFolder(
  store: string,
  settings: RunSettings,
  collection: Collection,
  items: readonly number[],
): Promise<string> {
  const { methodId, set, classes, nouns, under, groups, seed, backbone, source, split, muster } = settings;
  const told = { methodId, set, classes, nouns, under, groups, seed, backbone, source, split, muster };
  const hash = createHash('sha256').update(JSON.stringify(told));
  for (const item of items) {
    const { path, sizeBytes, mtimeMs } = collection.items[item] ?? { path: '', sizeBytes: 0, mtimeMs: 0 };
    hash.update(`\0${path}\0${sizeBytes}\0${mtimeMs}`);
  }
  await markFolder(store);
  return join(store, 'unfinished', `${methodId ?? 'run'}-${hash.digest('hex').slice(0, 16)}`);
}

/** Removes what a run that is saved by now needs no more. */
export async function removeUnfinished(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
