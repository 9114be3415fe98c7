import { createHash } from 'node:crypto';
import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { Draws } from '../augment/index.ts';

/** Images to be trained on. There is no place for labels. */
export interface ImageData {
  /** uint8 [N, H, W, C], C = 1 or 3, in collection order; may be memory-mapped. */
  readonly pixels: Tensor;
}

/** Size of every image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Makes numbers of images, and what is needed to do so again. */
export interface ImageEmbedder {
  /** Numbers of an embedding, D. */
  readonly dimension: number;
  /** uint8 [n, H, W, C] on its device to float32 [n, D]. */
  embed(pixels: Tensor): Tensor;
  /** The same of random views, the training's own, where it knows them. */
  embedAugmented?(pixels: Tensor, draws: Draws): Tensor;
}

/** Embeds images in random views: uint8 [n, H, W, C] on the CPU, some hundreds, to float32 [n, D] on the CPU, the caller's. */
export type EmbedAugmented = (pixels: Tensor, draws: Draws) => Tensor;

/** Images and numbers of pixels of a block. */
const BLOCK_IMAGES = 512;
const BLOCK_NUMBERS = 1 << 24;
/** Images that a fingerprint looks at. */
const SAMPLED_IMAGES = 64;

/**
 * The shape of images to be trained on.
 *
 * @throws MusterError `train.pixels` for another type or shape, or no image
 */
export function imageShapeOf({ pixels }: ImageData): ImageShape & { readonly count: number } {
  const [count = 0, height = 0, width = 0, channels = 0] = pixels.shape;
  const fits = pixels.ndim === 4 && pixels.dtype === 'uint8' && (channels === 1 || channels === 3);
  if (fits && count * height * width > 0) return { count, height, width, channels };
  throw new MusterError(
    'train.pixels',
    `the images are ${pixels.toString()}, expected uint8 [images, height, width, 1 or 3 channels], at least one of each`,
  );
}

/**
 * Goes through images in order, some hundreds at a time, each block on the device, in a scope and without gradients.
 *
 * @param body gets a block and the number of its first image
 */
export function eachBlock(pixels: Tensor, device: Device, body: (block: Tensor, start: number) => void): void {
  const [n = 0] = pixels.shape;
  const numbers = pixels.numel / Math.max(1, n);
  const size = Math.min(BLOCK_IMAGES, Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, numbers))));
  for (let start = 0; start < n; start += size) {
    scope(() =>
      noGrad(() => {
        const block = pixels.narrow(0, start, Math.min(size, n - start));
        body(device === 'cpu' ? block : block.to({ device }), start);
      }),
    );
  }
}

/** An embedder's random views to and from its device; null where it knows none. */
export function augmentedEmbedding(embedder: ImageEmbedder, device: Device): EmbedAugmented | null {
  const embed = embedder.embedAugmented?.bind(embedder);
  if (embed === undefined) return null;
  return (pixels, draws) => scope(() => embed(pixels.to({ device }), draws).to({ device: 'cpu' }));
}

/**
 * Embeds images block by block.
 *
 * @param pixels uint8 [n, H, W, C] on the CPU
 * @returns float32 [n, D] on the CPU, the caller's
 */
export function embedImages(embedder: ImageEmbedder, pixels: Tensor, device: Device): Tensor {
  const embeddings = torch.empty([pixels.shape[0] ?? 0, embedder.dimension], { dtype: 'float32' });
  eachBlock(pixels, device, (block, start) => {
    const rows = embedder.embed(block);
    embeddings.narrow(0, start, rows.shape[0] ?? 0).copy_(rows);
  });
  return embeddings;
}

/**
 * A text that differs for other options or other images, as far as their number, size and some of them tell: it keeps a checkpoint from
 * being taken for another training's.
 */
export function imageFingerprint({ pixels }: ImageData, options: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(options)).update(pixels.shape.join(' x '));
  const step = Math.max(1, Math.ceil((pixels.shape[0] ?? 0) / SAMPLED_IMAGES));
  const sample = scope(() => pixels.slice(0, 0, undefined, step).toTypedArray());
  hash.update(new Uint8Array(sample.buffer, sample.byteOffset, sample.byteLength));
  return hash.digest('hex');
}
