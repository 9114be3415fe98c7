import { hasFastBf16, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Backbone, BackboneDescription, BackboneFamily, BackboneOptions } from './backbone.ts';
import { EfficientNetLiteInference } from './efficientnet-lite-inference.ts';
import { channelsFirst } from './pixels.ts';
import { loadWeights, weightsTable } from './weights.ts';

const ID = 'efficientnet-lite0';
const BATCH = 32;
/** Half of 255: what mean .5 is in pixels. With std .5 a pixel p becomes (p - 127.5) 2 / 255. */
const CENTRE = 127.5;

/** EfficientNet-Lite0 with the weights that the set-up brings: 1,280 numbers an image, and a classifier of 1,000 kinds. */
class EmbeddedBackbone implements Backbone {
  readonly id = ID;
  readonly preprocessing = weightsTable[ID].preprocessing;
  readonly inputSize = this.preprocessing.inputSize;
  readonly batchSize = BATCH;
  readonly dimension: number;
  readonly #network: EfficientNetLiteInference;
  readonly #dtype: 'float32' | 'bfloat16';

  constructor(options: BackboneOptions) {
    this.#dtype = options.dtype ?? (hasFastBf16() ? 'bfloat16' : 'float32');
    const weights = loadWeights(ID, options.weightsFolder);
    this.#network = new EfficientNetLiteInference(weights, {
      inputSize: this.inputSize,
      batchSize: BATCH,
      dtype: this.#dtype,
      inputScale: 1 / CENTRE,
    });
    for (const stored of weights.values()) stored.dispose();
    this.dimension = this.#network.dimension;
  }

  get classifier() {
    return this.#network.classifier;
  }

  embed(pixels: Tensor): Tensor {
    return noGrad(() =>
      scope(() => {
        const images = channelsFirst(pixels, this.inputSize);
        const count = images.shape[0] ?? 0;
        const parts: Tensor[] = [];
        for (let start = 0; start < count; start += BATCH) {
          parts.push(
            scope(() => this.#network.embed(images.slice(0, start, Math.min(start + BATCH, count)).sub(CENTRE))),
          );
        }
        if (parts.length === 0) return torch.zeros([0, this.dimension], { dtype: 'float32' });
        return torch.cat(parts);
      }),
    );
  }

  logits(embeddings: Tensor): Tensor {
    return this.#network.logits(embeddings);
  }

  describe(): BackboneDescription {
    const { title, source, sourceSha256, trainedOn, licence, preprocessing } = weightsTable[ID];
    const weights = { source, sourceSha256, trainedOn, licence };
    return { id: ID, title, dimension: this.dimension, dtype: this.#dtype, weights, preprocessing };
  }

  dispose(): void {
    this.#network.dispose();
  }
}

/** The default backbone, always there once set up. */
export const embedded: BackboneFamily = {
  id: ID,
  title: weightsTable[ID].title,
  knowsWords: true,
  open: (options = {}) => new EmbeddedBackbone(options),
};
