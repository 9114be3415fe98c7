import type { BackboneDescription } from '../models/index.ts';

/** A folder for embeddings that must not be mixed: other weights, input or precision give another. */
export function cacheName({ id, dtype, weights, preprocessing }: BackboneDescription): string {
  return `${id}-${weights.sourceSha256.slice(0, 8)}-${preprocessing.inputSize}px-${dtype}`;
}
