import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Module } from '@muster/torch/nn';
import { z } from 'zod';
import { MusterError } from '../base/index.ts';
import { Draws } from '../augment/index.ts';
import type { Transform } from '../augment/index.ts';
import type { ImageEmbedder } from './image-data.ts';
import { channelsFirst } from './image-epoch.ts';
import type { StoredModel } from './model-folder.ts';

/** A network that gives features before its heads. */
export type FeatureNetwork = Module & {
  /** [n, c, h, w] to [n, D]. */
  features(x: Tensor): Tensor;
};

/** What a {@link ImageEncoder} is made of. */
export interface ImageEncoderParts {
  /** Taken over; brought into evaluation mode. */
  readonly network: FeatureNetwork;
  readonly dimension: number;
  /** How images are looked at when they are embedded: nothing is drawn in it. */
  readonly plain: Transform;
  /** How they were looked at in training, for classifiers that are fitted on augmented images. */
  readonly augmented: Transform;
  /** Plain JSON values from which the network and its views are made again. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A trained network as images to features. */
export class ImageEncoder implements ImageEmbedder {
  readonly dimension: number;
  private readonly parts: ImageEncoderParts;

  constructor(parts: ImageEncoderParts) {
    parts.network.eval();
    this.dimension = parts.dimension;
    this.parts = parts;
  }

  embed(pixels: Tensor): Tensor {
    return this.through(this.parts.plain, pixels, plainDraws(pixels.shape[0] ?? 0));
  }

  /** Features of random views, the training's own: uint8 [n, H, W, C] on its device to float32 [n, D]. */
  embedAugmented(pixels: Tensor, draws: Draws): Tensor {
    return this.through(this.parts.augmented, pixels, draws);
  }

  store(): StoredModel {
    return { tensors: this.parts.network.stateDict(), settings: this.parts.settings };
  }

  dispose(): void {
    this.parts.network.dispose();
  }

  private through(view: Transform, pixels: Tensor, draws: Draws): Tensor {
    return noGrad(() => scope(() => this.parts.network.features(view(channelsFirst(pixels), draws)).to('float32')));
  }
}

/** Draws of views in which nothing is drawn. */
export function plainDraws(count: number): Draws {
  return new Draws({ seed: 0, epoch: 0, view: 0, rows: new Int32Array(count) });
}

const storedSettings = z.object({ options: z.unknown(), channels: z.int().min(1) });

/**
 * The settings that an encoder of ours was stored with.
 *
 * @throws MusterError `method.folder` where they are others
 */
export function encoderSettings(settings: Readonly<Record<string, unknown>>): z.output<typeof storedSettings> {
  const parsed = storedSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new MusterError('method.folder', `The network's settings are damaged: ${z.prettifyError(parsed.error)}`, {
    fix: 'train it again',
  });
}

/** The state dict of the first network in a training's state, as {@link trainingState} names it: the same tensors. */
export function networkState(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const prefix = 'network.0.';
  return new Map(
    [...state].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [])),
  );
}
