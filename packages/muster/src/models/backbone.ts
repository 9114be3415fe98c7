import type { Tensor } from '@muster/torch';
import type { Preprocessing, WeightsRecord } from './weights.ts';

/** What a backbone tells about itself, stored with each result. */
export interface BackboneDescription {
  readonly id: string;
  readonly title: string;
  readonly dimension: number;
  /** What it computes in. */
  readonly dtype: 'float32' | 'bfloat16';
  readonly weights: Pick<WeightsRecord, 'source' | 'sourceSha256' | 'trainedOn' | 'licence'>;
  readonly preprocessing: Preprocessing;
}

/** The last layer of a backbone that was trained to classify. */
export interface BackboneClassifier {
  /** (classes, dimension) float32. */
  readonly weight: Tensor;
  /** (classes) float32. */
  readonly bias: Tensor;
}

/** From images to embeddings: what every pretrained network looks like from outside. */
export interface Backbone {
  readonly id: string;
  /** Width D of an embedding. */
  readonly dimension: number;
  /** Side in pixels of the square images that it takes. */
  readonly inputSize: number;
  /** How many images at a time it is fastest with. */
  readonly batchSize: number;
  /** How pictures are brought to `inputSize`; the scaling of values is the backbone's own work. */
  readonly preprocessing: Preprocessing;
  /** Its classifier, or null where it has none. Owned by the backbone. */
  readonly classifier: BackboneClassifier | null;
  /**
   * @param pixels uint8, (n, 3, inputSize, inputSize) or (n, inputSize, inputSize, 3), n of any size
   * @returns (n, D) float32, rows in the order of the images; the caller's
   * @throws MusterError `models.pixels` for another shape or dtype
   */
  embed(pixels: Tensor): Tensor;
  /**
   * @param embeddings (n, D) as `embed` gives them
   * @returns (n, classes) float32; the caller's
   * @throws MusterError `models.classifier` where it has no classifier
   */
  logits(embeddings: Tensor): Tensor;
  describe(): BackboneDescription;
  /** Frees its weights. */
  dispose(): void;
}

/** How a backbone is opened. */
export interface BackboneOptions {
  /** Default: bfloat16 where the CPU has its instructions, else float32. */
  readonly dtype?: 'float32' | 'bfloat16';
  /** Folder of cached weights, for tests; default the cache's. */
  readonly weightsFolder?: string;
}

/** One entry of the list of backbones. */
export interface BackboneFamily {
  readonly id: string;
  readonly title: string;
  /** Whether it has a classifier, whose kinds of things name groups. */
  readonly knowsWords: boolean;
  /** Loads it from the cache. @throws MusterError `models.no-weights` where the weights are not set up */
  open(options?: BackboneOptions): Backbone;
}
