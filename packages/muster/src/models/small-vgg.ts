import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { BatchNorm2d, Conv2d, Linear, MaxPool2d, Module, ReLU, Sequential } from '@muster/torch/nn';

/** Shape of MMDC's small VGG. */
export interface SmallVggOptions {
  readonly channels: number;
  /** Side of the square input in pixels. */
  readonly inputSize: number;
  /** Width of the output. */
  readonly targetDim: number;
  /** Width of the first convolution, default 32; the others have 2, 4 and 8 times as much. */
  readonly width?: number;
  /** Epsilon of the batch normalisations, default 1e-5. */
  readonly bnEps?: number;
  /** Whether there is a second head, for the four quarter turns. Default false. */
  readonly rotation?: boolean;
  readonly generator?: Generator;
}

type Block = readonly [conv: Conv2d, norm: BatchNorm2d];

/** Number of rotations that the second head tells apart. */
const ROTATIONS = 4;

/**
 * MMDC's network for MNIST: four times 3x3 convolution without bias, batch normalisation, ReLU and 2x2 max pool, then a
 * linear layer on the flattened map. Names: `features.<i>`, `top_layer`, `rotnet_head`.
 *
 * @source MMDC, authors' code
 */
export class SmallVgg extends Module {
  readonly features: Sequential;
  readonly topLayer: Linear;
  readonly rotnetHead: Linear | null;
  /** Width of the flattened map. */
  readonly dimension: number;
  readonly #blocks: readonly Block[];

  constructor(options: SmallVggOptions) {
    super();
    const { channels, inputSize, targetDim, width = 32, bnEps = 1e-5, rotation = false, generator } = options;
    const widths = [channels, width, 2 * width, 4 * width, 8 * width];
    this.#blocks = widths
      .slice(1)
      .map((outputs, index): Block => [
        new Conv2d(widths[index] ?? channels, outputs, 3, { padding: 1, bias: false, generator }),
        new BatchNorm2d(outputs, { eps: bnEps }),
      ]);
    this.features = new Sequential(
      ...this.#blocks.flatMap(([conv, norm]) => [conv, norm, new ReLU(), new MaxPool2d(2)]),
    );
    const side = Math.floor(inputSize / 16);
    this.dimension = 8 * width * side * side;
    this.topLayer = new Linear(this.dimension, targetDim, { generator });
    this.rotnetHead = rotation ? new Linear(this.dimension, ROTATIONS, { generator }) : null;
  }

  /**
   * @param x (n, channels, inputSize, inputSize)
   * @returns (n, dimension)
   */
  flatFeatures(x: Tensor): Tensor {
    const map = this.#blocks.reduce((seen, [conv, norm]) => norm.reluMaxPool(conv.forward(seen)), channelsLast(x));
    return torch.flatten(map, 1);
  }

  /**
   * @param x (n, channels, inputSize, inputSize)
   * @returns (n, targetDim)
   */
  forward(x: Tensor): Tensor {
    return this.topLayer.forward(this.flatFeatures(x));
  }
}

/** With one channel both memory orders are one, and a convolution takes the slow one unless the strides speak for the other. */
function channelsLast(x: Tensor): Tensor {
  const [, channels = 0, height = 0, width = 0] = x.shape;
  if (channels !== 1 || !x.isContiguous()) return x;
  return x.asStrided(x.shape, [height * width, 1, width, 1]);
}
