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
  readonly generator?: Generator;
}

/**
 * MMDC's network for MNIST: four times 3x3 convolution without bias, batch normalisation, ReLU and 2x2 max pool, then a
 * linear layer on the flattened map. Names: `features.<i>`, `top_layer`.
 *
 * @source MMDC, authors' code
 */
export class SmallVgg extends Module {
  readonly features: Sequential;
  readonly topLayer: Linear;

  constructor(options: SmallVggOptions) {
    super();
    const { channels, inputSize, targetDim, width = 32, bnEps = 1e-5, generator } = options;
    const widths = [channels, width, 2 * width, 4 * width, 8 * width];
    const parts = widths
      .slice(1)
      .flatMap((outputs, index) => [
        new Conv2d(widths[index] ?? channels, outputs, 3, { padding: 1, bias: false, generator }),
        new BatchNorm2d(outputs, { eps: bnEps }),
        new ReLU(),
        new MaxPool2d(2),
      ]);
    this.features = new Sequential(...parts);
    const side = Math.floor(inputSize / 16);
    this.topLayer = new Linear(8 * width * side * side, targetDim, { generator });
  }

  /**
   * @param x (n, channels, inputSize, inputSize)
   * @returns (n, targetDim)
   */
  forward(x: Tensor): Tensor {
    return this.topLayer.forward(torch.flatten(this.features.forward(x), 1));
  }
}
