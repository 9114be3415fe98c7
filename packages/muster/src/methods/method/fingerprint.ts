import { createHash } from 'node:crypto';
import { scope } from '@muster/torch';
import { imageFingerprint } from '../../train/index.ts';
import type { EmbeddingData, ImageData } from './types.ts';

/** Rows that are looked at. */
const SAMPLED_ROWS = 64;

/**
 * A text that differs for other options or other data, as far as their sizes and some of their rows tell: it keeps a checkpoint from
 * being taken for another training's.
 */
export function fingerprintOf(data: EmbeddingData | ImageData, options: Readonly<Record<string, unknown>>): string {
  if ('pixels' in data) return imageFingerprint(data, options);
  const hash = createHash('sha256');
  hash.update(JSON.stringify(options));
  for (const table of [data.embeddings, ...(data.text === undefined ? [] : [data.text.nouns])]) {
    const [n = 0, width = 0] = table.shape;
    hash.update(`${n} x ${width}`);
    const step = Math.max(1, Math.floor(n / SAMPLED_ROWS));
    hash.update(new Uint8Array(scope(() => table.slice(0, 0, undefined, step).toFloat32Array()).buffer));
  }
  return hash.digest('hex');
}
