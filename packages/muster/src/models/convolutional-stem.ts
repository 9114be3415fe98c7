import type { Generator } from '@muster/torch';
import { BatchNorm2d, Conv2d, ReLU, Sequential } from '@muster/torch/nn';
import { MusterError } from '../base/index.ts';

/** Shape of a convolutional stem. */
export interface ConvolutionalStemOptions {
  readonly channels: number;
  /** Width of the tokens. */
  readonly dim: number;
  /** By how much it shrinks the image's sides. */
  readonly patch: number;
  readonly stemWidths?: readonly number[];
  readonly bnEps?: number;
  readonly generator?: Generator;
}

/**
 * Stem of a vision transformer: for each halving a 3x3 convolution of stride 2 without bias, batch normalisation and ReLU; then a 1x1
 * convolution with bias. (n, channels, h, w) to (n, dim, h / patch, w / patch). All start by PyTorch's rule.
 *
 * @throws MusterError `models.stem` where the patch is no power of two, or the widths are not as many as its halvings
 */
export function convolutionalStem(options: ConvolutionalStemOptions): Sequential {
  const { channels, dim, patch, bnEps = 1e-5, generator } = options;
  const halvings = Math.log2(patch);
  const { stemWidths = doubling(dim, halvings) } = options;
  if (!Number.isInteger(halvings) || stemWidths.length !== halvings) {
    throw new MusterError(
      'models.stem',
      `A convolutional stem of ${stemWidths.length} halvings does not come to patches of ${patch}.`,
      { fix: 'take a patch that is a power of two, and a width for each halving' },
    );
  }
  const layers = stemWidths.flatMap((width, index) => [
    new Conv2d(stemWidths[index - 1] ?? channels, width, 3, { stride: 2, padding: 1, bias: false, generator }),
    new BatchNorm2d(width, { eps: bnEps }),
    new ReLU(),
  ]);
  return new Sequential(...layers, new Conv2d(stemWidths.at(-1) ?? channels, dim, 1, { generator }));
}

/** Widths that double from one to the next and end at `dim`. */
function doubling(dim: number, count: number): number[] {
  return Array.from({ length: Math.ceil(count) }, (_, index) => dim / 2 ** (count - 1 - index));
}
