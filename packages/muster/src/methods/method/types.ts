import type { Device, Tensor } from '@muster/torch';
import type { z } from 'zod';
import type { TrainingContext } from '../../train/index.ts';

/** What a method makes groups from; `either`: pixels or embeddings as rows. */
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

/** The part of a result that a method itself has to provide: how embeddings get probabilities, and what is kept of it. */
export interface Model {
  /** [n, D] on the model's device to probabilities [n, K]. */
  probabilities(rows: Tensor): Tensor;
  /** Everything that is needed to restore it. */
  store(): StoredModel;
  dispose(): void;
}

/** A model as it is kept in a folder. */
export interface StoredModel {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Plain JSON values. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a method's own `fit` gives. */
export interface Fit {
  readonly model: Model;
  /** Groups K of the model. */
  readonly groups: number;
  /** Groups of the fitted rows where the method finds them directly; else they are the model's. */
  readonly labels?: Int32Array;
  /** Numbers for the report: loss, inertia, rounds. */
  readonly values?: Readonly<Record<string, number>>;
  /** Texts for the report: words that were chosen, for instance. */
  readonly words?: readonly string[];
}

/** A finished fit: gives groups to any embeddings of the same backbone. */
export interface Fitted {
  readonly method: string;
  readonly groups: number;
  /** Of the rows it was fitted on. */
  readonly own: Labelling;
  readonly usage: Usage;
  readonly values: Readonly<Record<string, number>>;
  readonly words: readonly string[];
  /** [N, D] float32 to groups and probabilities. */
  assign(embeddings: Tensor): Assignment;
  /** As `assign`, without holding N x K probabilities. */
  label(embeddings: Tensor): Labelling;
  /** Writes fitted.safetensors and fitted.json into a folder, which is made if needed. */
  save(folder: string): void;
  dispose(): void;
}

/** One clustering method. */
export interface Method {
  /** The paper's name in kebab case. */
  readonly id: string;
  readonly title: string;
  /** Where it comes from. */
  readonly paper: string;
  readonly needs: Needs;
  /** Whether it needs words beside the images. */
  readonly text: boolean;
  readonly promises: Promises;
  /** Strict object; with `groups` where the number of groups is asked for. */
  readonly options: z.ZodObject;
  /** Time and memory, in words. */
  readonly cost: string;
  /** Whether the work is done in epochs, with checkpoints. */
  readonly trains: boolean;
  /**
   * @throws MusterError `method.options`, `method.rows`, `method.groups`, `method.not-finite`, `method.text`, or the method's own
   */
  fit(data: EmbeddingData, options: Readonly<Record<string, unknown>>, context: MethodContext): Promise<Fitted>;
  /** Reads what `Fitted.save` wrote. @throws MusterError `method.folder` */
  load(folder: string): Fitted;
}
