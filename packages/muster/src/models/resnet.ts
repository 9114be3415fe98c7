import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { BatchNorm2d, Conv2d, Linear, Module, ModuleList, Sequential } from '@muster/torch/nn';

/**
 * What comes before the stages: `imagenet` 7x7 stride 2 and 3x3 max pool stride 2; `cifar` 3x3 and no pool (SCAN and SimCLR
 * on CIFAR); `mmdc` 3x3, then 2x2 max pool stride 2 with padding 1.
 */
export type ResNetStem = 'imagenet' | 'cifar' | 'mmdc';

/** Layers of the published networks: 18 and 34 of basic blocks, 50 of bottlenecks. */
export type ResNetDepth = 18 | 34 | 50;

/** Shape of a ResNet. */
export interface ResNetOptions {
  readonly depth: ResNetDepth;
  readonly stem: ResNetStem;
  /** Width of the first stage, default 64; the others have 2, 4 and 8 times as much. */
  readonly width?: number;
  readonly channels?: number;
  /** Epsilon of the batch normalisations, default 1e-5. */
  readonly bnEps?: number;
  /** Width of a linear layer `fc` on the features, default null: none. */
  readonly classes?: number | null;
  /** Width of a linear layer `topLayer` to target points (rows of unit length), default null: none. MMDC, NAT. */
  readonly targetDim?: number | null;
  /** Whether there is a linear layer `rotnetHead` to the four quarter turns; default: where there is a `topLayer`, as in MMDC. */
  readonly rotation?: boolean;
  readonly generator?: Generator;
}

const BLOCKS = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3] } as const;

/** Outputs of a bottleneck for each channel of its 3x3 convolution. */
const EXPANSION = 4;

/**
 * Least width to train with: with fewer than 8 channels in channels-last order, oneDNN's gradient of a 1x1 convolution of stride 2 writes
 * past the end of its buffer (AVX2, PyTorch 2.13).
 */
export const LEAST_WIDTH = 8;

/** Number of rotations that MMDC's second head tells apart. */
const ROTATIONS = 4;

interface Build {
  readonly bnEps: number;
  readonly generator?: Generator;
}

function convolution(inputs: number, outputs: number, kernel: number, stride: number, { generator }: Build): Conv2d {
  return new Conv2d(inputs, outputs, kernel, { stride, padding: Math.floor(kernel / 2), bias: false, generator });
}

/** What a shortcut adds where shapes differ: a 1x1 convolution and its norm; null: the input itself. */
function projection(inputs: number, outputs: number, stride: number, build: Build): Sequential | null {
  if (stride === 1 && inputs === outputs) return null;
  return new Sequential(convolution(inputs, outputs, 1, stride, build), new BatchNorm2d(outputs, { eps: build.bnEps }));
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
    this.downsample = projection(inputs, outputs, stride, build);
  }

  forward(x: Tensor): Tensor {
    const inner = torch.relu_(this.bn1.forward(this.conv1.forward(x)));
    const y = this.bn2.forward(this.conv2.forward(inner));
    return torch.relu_(y.add_(this.downsample?.forward(x) ?? x));
  }
}

/** 1x1 down, 3x3 with the stride, 1x1 up to four times the width; ReLU after the sum. The stride's place is torchvision's. */
class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | null;

  constructor(inputs: number, outputs: number, stride: number, build: Build) {
    super();
    const eps = build.bnEps;
    const width = outputs / EXPANSION;
    this.conv1 = convolution(inputs, width, 1, 1, build);
    this.bn1 = new BatchNorm2d(width, { eps });
    this.conv2 = convolution(width, width, 3, stride, build);
    this.bn2 = new BatchNorm2d(width, { eps });
    this.conv3 = convolution(width, outputs, 1, 1, build);
    this.bn3 = new BatchNorm2d(outputs, { eps });
    this.downsample = projection(inputs, outputs, stride, build);
  }

  forward(x: Tensor): Tensor {
    const narrow = torch.relu_(this.bn1.forward(this.conv1.forward(x)));
    const inner = torch.relu_(this.bn2.forward(this.conv2.forward(narrow)));
    const y = this.bn3.forward(this.conv3.forward(inner));
    return torch.relu_(y.add_(this.downsample?.forward(x) ?? x));
  }
}

/** A residual block of either kind. */
type Block = BasicBlock | Bottleneck;

/**
 * ResNet-18, 34 and 50 under torchvision's names: `conv1`, `bn1`, `layer1` to `layer4`, `fc`.
 *
 * @source K. He et al., Deep residual learning (2016), table 1; MMDC's stem and heads: the authors' code
 */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: ModuleList<Block>;
  readonly layer2: ModuleList<Block>;
  readonly layer3: ModuleList<Block>;
  readonly layer4: ModuleList<Block>;
  readonly fc: Linear | null;
  readonly topLayer: Linear | null;
  readonly rotnetHead: Linear | null;
  /** Width of the features: 8 times the first stage's width, 32 times it with bottlenecks. */
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
      rotation = targetDim !== null,
      generator,
    } = options;
    const build: Build = { bnEps, generator };
    const [first, second, third, fourth] = BLOCKS[depth];
    this.conv1 =
      stem === 'imagenet' ? convolution(channels, width, 7, 2, build) : convolution(channels, width, 3, 1, build);
    this.bn1 = new BatchNorm2d(width, { eps: bnEps });
    const kind = depth === 50 ? Bottleneck : BasicBlock;
    const outer = depth === 50 ? EXPANSION * width : width;
    this.layer1 = stage(kind, width, outer, first, 1, build);
    this.layer2 = stage(kind, outer, 2 * outer, second, 2, build);
    this.layer3 = stage(kind, 2 * outer, 4 * outer, third, 2, build);
    this.layer4 = stage(kind, 4 * outer, 8 * outer, fourth, 2, build);
    this.dimension = 8 * outer;
    this.fc = classes === null ? null : new Linear(this.dimension, classes, { generator });
    this.topLayer = targetDim === null ? null : new Linear(this.dimension, targetDim, { generator });
    this.rotnetHead = rotation ? new Linear(this.dimension, ROTATIONS, { generator }) : null;
    this.#stem = stem;
  }

  /**
   * @param x (n, channels, h, w)
   * @returns (n, dimension): the mean over positions of the last map
   */
  features(x: Tensor): Tensor {
    let y = this.#pooled(torch.relu_(this.bn1.forward(this.conv1.forward(x))));
    for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) {
      for (const block of layer) y = block.forward(y);
    }
    return y.mean([2, 3]);
  }

  /** @returns (n, classes); without `fc` the features, (n, dimension) */
  forward(x: Tensor): Tensor {
    const features = this.features(x);
    return this.fc?.forward(features) ?? features;
  }

  /**
   * @returns (n, 4) logits of the quarter turns
   * @throws TypeError where the network was made without `rotation`
   */
  rotations(x: Tensor): Tensor {
    if (this.rotnetHead === null) throw new TypeError('this ResNet has no rotation head');
    return this.rotnetHead.forward(this.features(x));
  }

  /**
   * @returns (n, targetDim), not yet of unit length
   * @throws TypeError where the network was made without `targetDim`
   */
  targets(x: Tensor): Tensor {
    if (this.topLayer === null) throw new TypeError('this ResNet has no layer to target points');
    return this.topLayer.forward(this.features(x));
  }

  #pooled(y: Tensor): Tensor {
    if (this.#stem === 'cifar') return y;
    return this.#stem === 'imagenet'
      ? torch.maxPool2d(y, [3, 3], [2, 2], [1, 1])
      : torch.maxPool2d(y, [2, 2], [2, 2], [1, 1]);
  }
}

function stage(
  kind: new (inputs: number, outputs: number, stride: number, build: Build) => Block,
  inputs: number,
  outputs: number,
  blocks: number,
  stride: number,
  build: Build,
): ModuleList<Block> {
  return new ModuleList(
    Array.from({ length: blocks }, (_, place) =>
      place === 0 ? new kind(inputs, outputs, stride, build) : new kind(outputs, outputs, 1, build),
    ),
  );
}
