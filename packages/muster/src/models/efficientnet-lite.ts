import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { BatchNorm2d, Conv2d, Linear, Module, ModuleList } from '@muster/torch/nn';
import { MusterError } from '../base/index.ts';
import { STAGES, axisPadding } from './efficientnet-lite-layout.ts';
import type { PaddingRule, Stage } from './efficientnet-lite-layout.ts';

/** Widths of a network: what its weights' shapes say. */
export interface EfficientNetLiteWidths {
  readonly channels: number;
  readonly stem: number;
  /** Output width of the seven stages. */
  readonly stages: readonly number[];
  /** Width inside each inverted residual, by stage and block; stage 0 has none. */
  readonly middles: readonly (readonly number[])[];
  readonly head: number;
  /** Number of classes, or null for a network without a classifier. */
  readonly classes: number | null;
}

const LITE0_STAGES = [16, 24, 40, 80, 112, 192, 320];

/** EfficientNet-Lite0 as it was published for ImageNet-1k. */
export const EFFICIENTNET_LITE0: EfficientNetLiteWidths = {
  channels: 3,
  stem: 32,
  stages: LITE0_STAGES,
  middles: expandedBy(6, LITE0_STAGES),
  head: 1280,
  classes: 1000,
};

/** What of the network is not in its weights. */
export interface EfficientNetLiteOptions {
  /** Default `tf-same`, with which the published weights were trained. */
  readonly padding?: PaddingRule;
  /** Epsilon of the batch normalisations, default 1e-3. */
  readonly bnEps?: number;
  readonly generator?: Generator;
}

/** What a forward pass gives: everything from the last map on. Owned by the caller's scope. */
export interface EfficientNetLiteOutput {
  /** (n, head, h / 32, w / 32) after the last ReLU6. */
  readonly map: Tensor;
  /** (n, head), the map's mean over positions. */
  readonly features: Tensor;
  /** (n, classes), or null without a classifier. */
  readonly logits: Tensor | null;
}

interface ConvolutionShape {
  readonly kernel: number;
  readonly stride: number;
  readonly groups: number;
}

/** A bias-free convolution that pads by one of the two rules; depthwise where `groups` is its width. */
class PaddedConv2d extends Conv2d {
  readonly #rule: PaddingRule;
  readonly #shape: ConvolutionShape;

  constructor(
    inputs: number,
    outputs: number,
    shape: ConvolutionShape,
    options: { readonly padding: PaddingRule; readonly generator?: Generator },
  ) {
    const { stride, groups } = shape;
    super(inputs, outputs, shape.kernel, { stride, groups, bias: false, generator: options.generator });
    this.#rule = options.padding;
    this.#shape = shape;
  }

  override forward(x: Tensor): Tensor {
    const { kernel, stride, groups } = this.#shape;
    const [top, bottom] = axisPadding(this.#rule, x.shape[2] ?? 0, kernel, stride);
    const [left, right] = axisPadding(this.#rule, x.shape[3] ?? 0, kernel, stride);
    const even = top === bottom && left === right;
    const padded = even ? x : torch.constantPadNd(x, [left, right, top, bottom]);
    return torch.conv2d(padded, this.weight, null, [stride, stride], even ? [top, left] : [0, 0], [1, 1], groups);
  }
}

interface BlockShape extends Stage {
  readonly inputs: number;
  readonly outputs: number;
  /** Width between expansion and projection; a separable block has none. */
  readonly middle: number;
}

interface Build {
  readonly padding: PaddingRule;
  readonly bnEps: number;
  readonly generator?: Generator;
}

/** Depthwise convolution, ReLU6, projection; the identity added where shapes agree. */
class SeparableBlock extends Module {
  readonly convDw: PaddedConv2d;
  readonly bn1: BatchNorm2d;
  readonly convPw: PaddedConv2d;
  readonly bn2: BatchNorm2d;
  readonly #hasIdentity: boolean;

  constructor(shape: BlockShape, build: Build) {
    super();
    const { kernel, stride, inputs, outputs } = shape;
    this.convDw = new PaddedConv2d(inputs, inputs, { kernel, stride, groups: inputs }, build);
    this.bn1 = new BatchNorm2d(inputs, { eps: build.bnEps });
    this.convPw = new PaddedConv2d(inputs, outputs, { kernel: 1, stride: 1, groups: 1 }, build);
    this.bn2 = new BatchNorm2d(outputs, { eps: build.bnEps });
    this.#hasIdentity = stride === 1 && inputs === outputs;
  }

  forward(x: Tensor): Tensor {
    const inner = torch.relu6(this.bn1.forward(this.convDw.forward(x)));
    const y = this.bn2.forward(this.convPw.forward(inner));
    return this.#hasIdentity ? y.add(x) : y;
  }
}

/** Expansion, ReLU6, depthwise convolution, ReLU6, projection; the identity added where shapes agree. */
class InvertedResidual extends Module {
  readonly convPw: PaddedConv2d;
  readonly bn1: BatchNorm2d;
  readonly convDw: PaddedConv2d;
  readonly bn2: BatchNorm2d;
  readonly convPwl: PaddedConv2d;
  readonly bn3: BatchNorm2d;
  readonly #hasIdentity: boolean;

  constructor(shape: BlockShape, build: Build) {
    super();
    const { kernel, stride, inputs, outputs, middle } = shape;
    this.convPw = new PaddedConv2d(inputs, middle, { kernel: 1, stride: 1, groups: 1 }, build);
    this.bn1 = new BatchNorm2d(middle, { eps: build.bnEps });
    this.convDw = new PaddedConv2d(middle, middle, { kernel, stride, groups: middle }, build);
    this.bn2 = new BatchNorm2d(middle, { eps: build.bnEps });
    this.convPwl = new PaddedConv2d(middle, outputs, { kernel: 1, stride: 1, groups: 1 }, build);
    this.bn3 = new BatchNorm2d(outputs, { eps: build.bnEps });
    this.#hasIdentity = stride === 1 && inputs === outputs;
  }

  forward(x: Tensor): Tensor {
    const expanded = torch.relu6(this.bn1.forward(this.convPw.forward(x)));
    const inner = torch.relu6(this.bn2.forward(this.convDw.forward(expanded)));
    const y = this.bn3.forward(this.convPwl.forward(inner));
    return this.#hasIdentity ? y.add(x) : y;
  }
}

/**
 * EfficientNet-Lite as a module, for training and for inputs of any size. For embedding many images,
 * `EfficientNetLiteInference` computes the same several times as fast.
 */
export class EfficientNetLite extends Module {
  readonly convStem: PaddedConv2d;
  readonly bn1: BatchNorm2d;
  readonly blocks: ModuleList<ModuleList<SeparableBlock | InvertedResidual>>;
  readonly convHead: PaddedConv2d;
  readonly bn2: BatchNorm2d;
  readonly classifier: Linear | null;

  constructor(widths: EfficientNetLiteWidths = EFFICIENTNET_LITE0, options: EfficientNetLiteOptions = {}) {
    super();
    const { padding = 'tf-same', bnEps = 1e-3, generator } = options;
    const build: Build = { padding, bnEps, generator };
    this.convStem = new PaddedConv2d(widths.channels, widths.stem, { kernel: 3, stride: 2, groups: 1 }, build);
    this.bn1 = new BatchNorm2d(widths.stem, { eps: build.bnEps });
    this.blocks = new ModuleList(stageModules(widths, build));
    const last = widths.stages[STAGES.length - 1] ?? 0;
    this.convHead = new PaddedConv2d(last, widths.head, { kernel: 1, stride: 1, groups: 1 }, build);
    this.bn2 = new BatchNorm2d(widths.head, { eps: build.bnEps });
    this.classifier = widths.classes === null ? null : new Linear(widths.head, widths.classes, { generator });
  }

  /** @param x (n, channels, h, w), floating point, scaled as the weights expect */
  forward(x: Tensor): EfficientNetLiteOutput {
    let y = torch.relu6(this.bn1.forward(this.convStem.forward(x)));
    for (const stage of this.blocks) for (const block of stage) y = block.forward(y);
    const map = torch.relu6(this.bn2.forward(this.convHead.forward(y))); // (n, head, h / 32, w / 32)
    const features = map.mean([2, 3]);
    return { map, features, logits: this.classifier?.forward(features) ?? null };
  }
}

function stageModules(widths: EfficientNetLiteWidths, build: Build): ModuleList<SeparableBlock | InvertedResidual>[] {
  const blockKind = (stage: number) => (stage === 0 ? SeparableBlock : InvertedResidual);
  return STAGES.map((stage, index) => {
    const outputs = widths.stages[index] ?? 0;
    const before = index === 0 ? widths.stem : (widths.stages[index - 1] ?? 0);
    const Block = blockKind(index);
    const blocks = Array.from({ length: stage.repeats }, (_, place) => {
      const first = place === 0;
      const shape = { ...stage, stride: first ? stage.stride : 1, inputs: first ? before : outputs, outputs };
      return new Block({ ...shape, middle: widths.middles[index]?.[place] ?? 0 }, build);
    });
    return new ModuleList(blocks);
  });
}

/**
 * The widths inside the inverted residuals where each is the same multiple of its block's input width.
 *
 * @param stages output widths of the seven stages
 */
export function expandedBy(ratio: number, stages: readonly number[]): number[][] {
  return byBlock((stage, block) => ratio * (stages[block === 0 ? stage - 1 : stage] ?? 0));
}

/** A number for each inverted residual, by stage and block. */
function byBlock(width: (stage: number, block: number) => number): number[][] {
  return STAGES.map(({ repeats }, stage) =>
    stage === 0 ? [] : Array.from({ length: repeats }, (_, block) => width(stage, block)),
  );
}

/**
 * Reads the widths off a state dict's shapes.
 *
 * @throws MusterError `models.weights` where an entry that they follow from is missing
 */
export function efficientNetLiteWidths(weights: ReadonlyMap<string, Tensor>): EfficientNetLiteWidths {
  const size = (name: string, axis: number) => {
    const found = weights.get(name)?.shape[axis];
    if (found !== undefined) return found;
    throw new MusterError('models.weights', `These are no weights of an EfficientNet-Lite: ${name} is missing.`);
  };
  const stages = STAGES.map((_, index) => size(`blocks.${index}.0.${index === 0 ? 'conv_pw' : 'conv_pwl'}.weight`, 0));
  return {
    channels: size('conv_stem.weight', 1),
    stem: size('conv_stem.weight', 0),
    stages,
    middles: byBlock((stage, block) => size(`blocks.${stage}.${block}.conv_pw.weight`, 0)),
    head: size('conv_head.weight', 0),
    classes: weights.has('classifier.weight') ? size('classifier.weight', 0) : null,
  };
}
