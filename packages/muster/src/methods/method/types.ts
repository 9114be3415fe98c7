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

export type { ImageData, ImageShape, StoredModel } from '../../train/index.ts';

/** What a method makes groups from; `either`: rows of any kind, embeddings or pixels (the backbone `pixels`). */
export type Needs = 'embeddings' | 'images' | 'either';

/** How many groups come out, against the number asked for. */
export type Promises = 'exactly-k' | 'up-to-k' | 'as-many-as-found';

/** Nearest other rows of every row, found once and shared between methods. */
export interface NeighbourLists {
  /** int64 [N, k], nearest first by the cosine, without the row itself. */
  readonly indices: Tensor;
  /** Whether the mean row was subtracted before. */
  readonly centred: boolean;
}

/** Words beside the images. */
export interface TextData {
  /** [M, D] float32: the nouns that groups may be made from, comparable with the image embeddings. */
  readonly nouns: Tensor;
  /** The M nouns as they are shown. */
  readonly words: readonly string[];
  /** Class names that are given: [K, T, D] float32, T prompts each. */
  readonly classes?: { readonly names: readonly string[]; readonly prompts: Tensor };
  /** Whether the mean embedding is to be subtracted before images are compared with words. */
  readonly centreImages: boolean;
  /** Temperature of the softmax that mixes nouns for an image: .005 for CLIP. */
  readonly temperature: number;
}

/** What a method is fitted on. There is no place for labels. */
export interface EmbeddingData {
  /** [N, D] float32, rows in collection order; may be memory-mapped. */
  readonly embeddings: Tensor;
  readonly neighbours?: NeighbourLists;
  readonly text?: TextData;
}

/** Seed, events, stop signal and checkpoints, and where to compute. */
export interface MethodContext extends TrainingContext {
  readonly device: Device;
}

/** Group numbers and how sure they are. */
export interface Labelling {
  /** [N] group of each row, 0..K-1; -1: in no group. */
  readonly labels: Int32Array;
  /** [N] probability of that group, 0..1. */
  readonly confidence: Float32Array;
}

/** A labelling with all its probabilities. */
export interface Assignment extends Labelling {
  /** [N, K] float32 on the CPU, the caller's; rows sum to 1, or to 0 for a row in no group. */
  readonly probabilities: Tensor;
}

/** How the fitted rows spread over the groups. */
export interface Usage {
  /** [K] rows of each group. */
  readonly sizes: readonly number[];
  /** Groups that have rows. */
  readonly occupied: number;
  /** exp of the entropy of the sizes: as many equal groups would be used as unevenly. */
  readonly effective: number;
  /** Rows in no group. */
  readonly outside: number;
  /** Whether the method failed by putting (nearly) everything together: one group only, or fewer than K / 3 in effect. */
  readonly collapsed: boolean;
}

/** How a fit describes rows in its words (`Fitted.words`, M of them); rows are embeddings [n, D] on the model's device. */
export interface WordReading {
  /** [n, M]: how likely each word is for each row; rows sum to 1. */
  probabilities(rows: Tensor): Tensor;
  /** [n, d] unit rows: the counterpart of each row that is made of words. */
  counterparts(rows: Tensor): Tensor;
  /** [n, 2d]: each row, scaled to unit length, beside its counterpart. */
  joined(rows: Tensor): Tensor;
}

/** The part of a result that a method itself has to provide: how embeddings get probabilities, and what is kept of it. */
export interface Model {
  /** [n, D] on the model's device to probabilities [n, K]. */
  probabilities(rows: Tensor): Tensor;
  /** Whether the probabilities are the softmax of a trained head; absent: they are not. */
  readonly isHead?: boolean;
  /** Absent or null: it has no words. */
  readonly reading?: WordReading | null;
  /** Everything that is needed to restore it. */
  store(): StoredModel;
  dispose(): void;
}

/** What a method's own `fit` gives. */
export interface Fit {
  readonly model: Model;
  /** Groups K of the model. */
  readonly groups: number;
  /** Groups of the fitted rows where the method finds them directly; else they are the model's. */
  readonly labels?: Int32Array;
  /** Numbers for the report: loss, inertia, rounds. Those that are not known are left out. */
  readonly values?: Readonly<Record<string, number | undefined>>;
  /** Texts for the report: words that were chosen, for instance. */
  readonly words?: readonly string[];
}

/** The same for a method that trains a network on images: `probabilities` takes uint8 [n, H, W, C] on the model's device. */
export interface ImageModel extends Model, ImageEmbedder {}

/** What an image method's own `fit` gives. */
export interface ImageFit extends Omit<Fit, 'model'> {
  readonly model: ImageModel;
}

/** Gives groups to rows: to embeddings of the same backbone, or, where it was trained on images, to images of the same size. */
export interface Assigner {
  /** Float32 [N, D], or uint8 [N, H, W, C], to groups and probabilities. */
  assign(rows: Tensor): Assignment;
  /** As `assign`, without holding N x K probabilities. */
  label(rows: Tensor): Labelling;
  dispose(): void;
}

/** A finished fit: gives groups to anything of the same kind. */
export interface Fitted extends Assigner {
  readonly method: string;
  readonly groups: number;
  /** Of the rows it was fitted on. */
  readonly own: Labelling;
  readonly usage: Usage;
  readonly values: Readonly<Record<string, number>>;
  readonly words: readonly string[];
  /** Writes fitted.safetensors and fitted.json into a folder, which is made if needed. */
  save(folder: string): void;
}

/** A finished fit on embeddings. */
export interface EmbeddingFitted extends Fitted {
  /** Whether the probabilities are the softmax of a trained head. */
  readonly isHead: boolean;
  /** Null where the fit has no words, or did not keep them. */
  readonly reading: WordReading | null;
}

/** A trained network that gives groups and embeddings. */
export interface ImageAssigner extends Assigner {
  /** Numbers of an embedding, D. */
  readonly dimension: number;
  /** uint8 [N, H, W, C] to float32 [N, D] on the CPU, the caller's: the features before the head. */
  embed(pixels: Tensor): Tensor;
  /** The same of the training's random views; null where it knows none. */
  readonly embedAugmented: EmbedAugmented | null;
}

/** A finished fit of an image method. */
export interface ImageFitted extends Fitted, ImageAssigner {}

/** What all methods have. */
interface MethodFacts {
  /** The paper's name in kebab case. */
  readonly id: string;
  readonly title: string;
  /** Where it comes from. */
  readonly paper: string;
  /** Whether it needs words beside the images. */
  readonly text: boolean;
  readonly promises: Promises;
  /** Strict object; with `groups` where the number of groups is asked for. */
  readonly options: z.ZodObject;
  /** Time and memory, in words. */
  readonly cost: string;
  /** Whether the work is done in epochs, with checkpoints. */
  readonly trains: boolean;
}

/** A method on embeddings of some backbone. */
export interface EmbeddingMethod extends MethodFacts {
  readonly needs: 'embeddings' | 'either';
  /**
   * @throws MusterError `method.options`, `method.rows`, `method.groups`, `method.not-finite`, `method.text`, or the method's own
   */
  fit(
    data: EmbeddingData,
    options: Readonly<Record<string, unknown>>,
    context: MethodContext,
  ): Promise<EmbeddingFitted>;
  /** Reads what `Fitted.save` wrote. @throws MusterError `method.folder` */
  load(folder: string): EmbeddingFitted;
}

/** A method that trains its own network on images. */
export interface ImageMethod extends MethodFacts {
  readonly needs: 'images';
  /**
   * @throws MusterError `method.options`, `train.pixels`, `method.groups`, what `train` throws, or the method's own
   */
  fit(data: ImageData, options: Readonly<Record<string, unknown>>, context: MethodContext): Promise<ImageFitted>;
  /** Reads what `Fitted.save` wrote. @throws MusterError `method.folder` */
  load(folder: string, device?: Device): ImageFitted;
  /**
   * The network as a kept checkpoint has it.
   *
   * @param file of the checkpoint
   * @param options those of the fit
   * @param shape of the images of the fit
   * @throws MusterError `method.options`; TorchError where the file is no checkpoint of this method
   */
  openCheckpoint(
    file: string,
    options: Readonly<Record<string, unknown>>,
    shape: ImageShape,
    device?: Device,
  ): ImageAssigner;
  /**
   * Options with what they leave to the images filled in, as a run keeps them.
   *
   * @throws MusterError `method.options`, `train.crop`
   */
  complete(options: Readonly<Record<string, unknown>>, shape: ImageShape): Record<string, unknown>;
  /** A random view of training, float [n, c, h, w] of uint8 [n, C, H, W], before its numbers are normalised: for a look at it. */
  view(options: Readonly<Record<string, unknown>>, shape: ImageShape): Transform;
}

/** One clustering method. `needs` tells the two kinds apart. */
export type Method = EmbeddingMethod | ImageMethod;
