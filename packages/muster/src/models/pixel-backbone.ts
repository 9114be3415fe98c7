import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { Backbone, BackboneDescription, BackboneFamily } from './backbone.ts';
import { channelsFirst } from './pixels.ts';

const ID = 'pixels';
const TITLE = 'Pixels';
/** Side of CIFAR's pictures: what small objects can still be told at. */
const SIDE = 32;
const BATCH = 256;

/** No network: the picture's own values, its planes of red, green and blue one after the other, in 0..1. It needs no weights. */
class PixelBackbone implements Backbone {
  readonly id = ID;
  readonly inputSize = SIDE;
  readonly batchSize = BATCH;
  readonly dimension = 3 * SIDE * SIDE;
  readonly classifier = null;
  readonly preprocessing: Backbone['preprocessing'] = {
    inputSize: SIDE,
    resize: SIDE,
    interpolation: 'bicubic',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };

  embed(pixels: Tensor): Tensor {
    return noGrad(() =>
      scope(() => {
        const planes = channelsFirst(pixels, SIDE).contiguous(); // (n, 3, SIDE, SIDE)
        return planes
          .view([planes.shape[0] ?? 0, this.dimension])
          .to('float32')
          .div_(255);
      }),
    );
  }

  logits(): Tensor {
    throw new MusterError('models.classifier', `the backbone ${ID} has no classifier`, { kind: 'internal' });
  }

  describe(): BackboneDescription {
    const { id, dimension, preprocessing } = this;
    const weights = { source: 'none', sourceSha256: '', trainedOn: 'nothing', licence: 'that of the images' };
    return { id, title: TITLE, dimension, dtype: 'float32', preprocessing, weights };
  }

  dispose(): void {
    // It holds nothing.
  }
}

/** Pixels as rows, for classical methods. */
export const pixels: BackboneFamily = { id: ID, title: TITLE, knowsWords: false, open: () => new PixelBackbone() };
