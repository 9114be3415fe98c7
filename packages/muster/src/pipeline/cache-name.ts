import type { BackboneDescription } from '../models/index.ts';

/** A folder for embeddings that must not be mixed: other weights, input or precision give another. */
export function cacheName({ id, dtype, weights, preprocessing }: BackboneDescription): string {
  const { inputSize, crop } = preprocessing;
  const cut = crop === undefined ? '' : `crop${crop}`;
  const parts = [id, weights.sourceSha256.slice(0, 8), `${inputSize}px`, cut, dtype];
  return parts.filter((part) => part !== '').join('-');
}
