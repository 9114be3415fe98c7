import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { BatchNorm2d, Conv2d, Linear, Module, ModuleList, Sequential } from '@muster/torch/nn';

/**
 * What comes before the stages: `imagenet` 7x7 stride 2 and 3x3 max pool stride 2; `cifar` 3x3 and no pool (SCAN and SimCLR
 * on CIFAR); `mmdc` 3x3, then 2x2 max pool stride 2 with padding 1.
 */
export type ResNetStem = 'imagenet' | 'cifar' | 'mmdc';

/** Shape of a ResNet of basic blocks. */
export interface ResNetOptions {
  readonly depth: 18 | 34;
  readonly stem: ResNetStem;
  /** Width of the first stage, default 64; the others have 2, 4 and 8 times as much. */
  readonly width?: number;
  readonly channels?: number;
  /** Epsilon of the batch normalisations, default 1e-5. */
  readonly bnEps?: number;
  /** Width of a linear layer `fc` on the features, default null: none. */
  readonly classes?: number | null;
  /** MMDC's two heads, default null: `topLayer` to this width (rows of unit length) and `rotnetHead` to the four quarter turns. */
  readonly targetDim?: number | null;
  readonly generator?: Generator;
}

const BLOCKS = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] } as const;

/** Number of rotations that MMDC's second head tells apart. */
const ROTATIONS = 4;

interface Build {
  readonly bnEps: number;
  readonly generator?: Generator;
}

function convolution(inputs: number, outputs: number, kernel: number, stride: number, { generator }: Build): Conv2d {
  return new Conv2d(inputs, outputs, kernel, { stride, padding: Math.floor(kernel / 2), bias: false, generator });
}

/** Two 3x3 convolutions; ReLU after the sum with the identity or its projection. */
class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | null;

  constructor(inputs: number, outputs: number, stride: number, build: Build) {
    super();
    const eps = build.bnEps;
    this.conv1 = convolution(inputs, outputs, 3, stride, build);
    this.bn1 = new BatchNorm2d(outputs, { eps });
    this.conv2 = convolution(outputs, outputs, 3, 1, build);
    this.bn2 = new BatchNorm2d(outputs, { eps });
    const isProjected = stride !== 1 || inputs !== outputs;
    this.downsample = isProjected
      ? new Sequential(convolution(inputs, outputs, 1, stride, build), new BatchNorm2d(outputs, { eps }))
      : null;
  }

  forward(x: Tensor): Tensor {
    const inner = torch.relu_(this.bn1.forward(this.conv1.forward(x)));
    const y = this.bn2.forward(this.conv2.forward(inner));
    return torch.relu_(y.add_(this.downsample?.forward(x) ?? x));
  }
}

/**
 * ResNet-18 and 34 under torchvision's names: `conv1`, `bn1`, `layer1` to `layer4`, `fc`.
 *
 * @source K. He et al., Deep residual learning (2016), table 1; MMDC's stem and heads: the authors' code
 */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: ModuleList<BasicBlock>;
  readonly layer2: ModuleList<BasicBlock>;
  readonly layer3: ModuleList<BasicBlock>;
  readonly layer4: ModuleList<BasicBlock>;
  readonly fc: Linear | null;
  readonly topLayer: Linear | null;
  readonly rotnetHead: Linear | null;
  /** Width of the features: 8 times the first stage's. */
  readonly dimension: number;
  readonly #stem: ResNetStem;

  constructor(options: ResNetOptions) {
    super();
    const {
      depth,
      stem,
      width = 64,
      channels = 3,
      bnEps = 1e-5,
      classes = null,
      targetDim = null,
      generator,
    } = options;
    const build: Build = { bnEps, generator };
    const [first, second, third, fourth] = BLOCKS[depth];
    this.conv1 =
      stem === 'imagenet' ? convolution(channels, width, 7, 2, build) : convolution(channels, width, 3, 1, build);
    this.bn1 = new BatchNorm2d(width, { eps: bnEps });
    this.layer1 = stage(width, width, first, 1, build);
    this.layer2 = stage(width, 2 * width, second, 2, build);
    this.layer3 = stage(2 * width, 4 * width, third, 2, build);
    this.layer4 = stage(4 * width, 8 * width, fourth, 2, build);
    this.dimension = 8 * width;
    this.fc = classes === null ? null : new Linear(this.dimension, classes, { generator });
    this.topLayer = targetDim === null ? null : new Linear(this.dimension, targetDim, { generator });
    this.rotnetHead = targetDim === null ? null : new Linear(this.dimension, ROTATIONS, { generator });
    this.#stem = stem;
  }

  /**
   * @param x (n, channels, h, w)
   * @returns (n, 8 width): the mean over positions of the last map
   */
  features(x: Tensor): Tensor {
    let y = this.#pooled(torch.relu_(this.bn1.forward(this.conv1.forward(x))));
    for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) {
      for (const block of layer) y = block.forward(y);
    }
    return y.mean([2, 3]);
  }

  /** @returns (n, classes); without `fc` the features, (n, 8 width) */
  forward(x: Tensor): Tensor {
    const features = this.features(x);
    return this.fc?.forward(features) ?? features;
  }

  #pooled(y: Tensor): Tensor {
    if (this.#stem === 'cifar') return y;
    return this.#stem === 'imagenet'
      ? torch.maxPool2d(y, [3, 3], [2, 2], [1, 1])
      : torch.maxPool2d(y, [2, 2], [2, 2], [1, 1]);
  }
}

function stage(inputs: number, outputs: number, blocks: number, stride: number, build: Build): ModuleList<BasicBlock> {
  return new ModuleList(
    Array.from({ length: blocks }, (_, place) =>
      place === 0 ? new BasicBlock(inputs, outputs, stride, build) : new BasicBlock(outputs, outputs, 1, build),
    ),
  );
}
