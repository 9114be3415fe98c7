import type { Device, Tensor } from '@muster/torch';
import type { z } from 'zod';
import type { Transform } from '../../augment/index.ts';
import type {
  EmbedAugmented,
  ImageData,
  ImageEmbedder,
  ImageShape,
  StoredModel,
  TrainingContext,
} from '../../train/index.ts';

/** Seed, events, stop signal and checkpoints, and where to compute. */
export interface PretrainingContext extends TrainingContext {
  readonly device: Device;
}

/** The network that a pretraining makes. */
export interface PretrainedModel extends ImageEmbedder {
  /** Everything that is needed to restore it. */
  store(): StoredModel;
  dispose(): void;
}

/** What a pretraining's own `fit` gives. */
export interface PretrainingFit {
  readonly model: PretrainedModel;
  /** Numbers for the report: loss, accuracy of the task. */
  readonly values?: Readonly<Record<string, number | undefined>>;
}

/** A finished pretraining: embeds images of the same size. */
export interface Pretrained {
  readonly pretraining: string;
  readonly values: Readonly<Record<string, number>>;
  /** Numbers of an embedding, D. */
  readonly dimension: number;
  /** uint8 [N, H, W, C] to float32 [N, D] on the CPU, the caller's. */
  embed(pixels: Tensor): Tensor;
  /** The same of the training's random views; null where it knows none. */
  readonly embedAugmented: EmbedAugmented | null;
  /** Writes pretrained.safetensors and pretrained.json into a folder, which is made if needed. */
  save(folder: string): void;
  dispose(): void;
}

/** One pretraining. */
export interface Pretraining {
  /** The paper's name in kebab case. */
  readonly id: string;
  readonly title: string;
  /** Where it comes from. */
  readonly paper: string;
  /** Strict object. */
  readonly options: z.ZodObject;
  /** Time and memory, in words. */
  readonly cost: string;
  /**
   * @throws MusterError `method.options`, `train.pixels`, what `train` throws, or the pretraining's own
   */
  fit(data: ImageData, options: Readonly<Record<string, unknown>>, context: PretrainingContext): Promise<Pretrained>;
  /** Reads what `Pretrained.save` wrote. @throws MusterError `method.folder` */
  load(folder: string, device?: Device): Pretrained;
  /**
   * The network as a kept checkpoint has it.
   *
   * @param file of the checkpoint
   * @param options those of the fit
   * @param shape of the images of the fit
   * @throws MusterError `method.options`; TorchError where the file is no checkpoint of this pretraining
   */
  openCheckpoint(
    file: string,
    options: Readonly<Record<string, unknown>>,
    shape: ImageShape,
    device?: Device,
  ): Pretrained;
  /**
   * Options with what they leave to the images filled in, as a run keeps them.
   *
   * @throws MusterError `method.options`, `train.crop`
   */
  complete(options: Readonly<Record<string, unknown>>, shape: ImageShape): Record<string, unknown>;
  /** A random view of training, float [n, c, h, w] of uint8 [n, C, H, W], before its numbers are normalised: for a look at it. */
  view(options: Readonly<Record<string, unknown>>, shape: ImageShape): Transform;
}
