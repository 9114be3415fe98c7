import { join } from 'node:path';
import { findMethod, needsImages, type EmbeddingFitted } from '../methods/index.ts';
import { modelFolder } from '../store/index.ts';
import type { SavedRun } from './open-run.ts';

/**
 * What the run's method on embeddings fitted; null for the default way and for methods on images. The caller's.
 *
 * @throws MusterError `method.folder` where it is gone or damaged
 */
export function loadFit({ config, folder }: Pick<SavedRun, 'config' | 'folder'>): EmbeddingFitted | null {
  if (config.methodId === null) return null;
  const method = findMethod(config.methodId);
  return needsImages(method) ? null : method.load(join(folder, modelFolder));
}
