/**
 * The layers of EfficientNet-Lite0 in order, under timm's names. The training module, the inference path and the
 * conversion of the published file all walk this one table.
 *
 * @source M. Tan and Q. Le, EfficientNet (2019), table 1, without squeeze-excite and with ReLU6 ("Lite"); names as in
 *   timm's tf_efficientnet_lite0.
 */

/** One stage: blocks of one kernel size, of which the first has the stride. */
export interface Stage {
  readonly kernel: number;
  readonly stride: number;
  readonly repeats: number;
}

/** Kernel, stride and number of blocks of the seven stages; stage 0 has depthwise-separable blocks, the rest inverted residuals. */
export const STAGES: readonly Stage[] = [
  { kernel: 3, stride: 1, repeats: 1 },
  { kernel: 3, stride: 2, repeats: 2 },
  { kernel: 5, stride: 2, repeats: 2 },
  { kernel: 3, stride: 2, repeats: 3 },
  { kernel: 5, stride: 1, repeats: 3 },
  { kernel: 5, stride: 2, repeats: 4 },
  { kernel: 3, stride: 1, repeats: 1 },
];

/** By how much the network shrinks rows and columns. */
export const TOTAL_STRIDE = 32;

/** One convolution with the batch normalisation behind it. */
export interface ConvolutionLayer {
  /** State-dict name of the convolution, without `.weight`. */
  readonly name: string;
  /** State-dict name of its batch normalisation. */
  readonly norm: string;
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise: boolean;
  /** Whether ReLU6 follows. */
  readonly activated: boolean;
  /** Place in its block: the identity, if any, goes from the input of the first to the output of the last. */
  readonly opensBlock: boolean;
  readonly closesBlock: boolean;
}

interface Part {
  readonly conv: string;
  readonly norm: string;
  readonly depthwise: boolean;
  readonly activated: boolean;
}

const SEPARABLE: readonly Part[] = [
  { conv: 'conv_dw', norm: 'bn1', depthwise: true, activated: true },
  { conv: 'conv_pw', norm: 'bn2', depthwise: false, activated: false },
];

const INVERTED: readonly Part[] = [
  { conv: 'conv_pw', norm: 'bn1', depthwise: false, activated: true },
  { conv: 'conv_dw', norm: 'bn2', depthwise: true, activated: true },
  { conv: 'conv_pwl', norm: 'bn3', depthwise: false, activated: false },
];

/** All convolutions from `conv_stem` to `conv_head`, in the order in which they run and in which files hold them. */
export function convolutionLayers(): ConvolutionLayer[] {
  const outside = { depthwise: false, activated: true, opensBlock: false, closesBlock: false };
  return [
    { name: 'conv_stem', norm: 'bn1', kernel: 3, stride: 2, ...outside },
    ...STAGES.flatMap((stage, index) => stageLayers(stage, index)),
    { name: 'conv_head', norm: 'bn2', kernel: 1, stride: 1, ...outside },
  ];
}

function stageLayers(stage: Stage, index: number): ConvolutionLayer[] {
  const parts = index === 0 ? SEPARABLE : INVERTED;
  return Array.from({ length: stage.repeats }, (_, block) =>
    parts.map((part, place) => ({
      name: `blocks.${index}.${block}.${part.conv}`,
      norm: `blocks.${index}.${block}.${part.norm}`,
      kernel: part.depthwise ? stage.kernel : 1,
      stride: part.depthwise && block === 0 ? stage.stride : 1,
      depthwise: part.depthwise,
      activated: part.activated,
      opensBlock: place === 0,
      closesBlock: place === parts.length - 1,
    })),
  ).flat();
}

/** The 296 entries of the state dict with a classifier, in timm's order. */
export function stateDictNames(): string[] {
  const norm = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'];
  return [
    ...convolutionLayers().flatMap((layer) => [`${layer.name}.weight`, ...norm.map((part) => `${layer.norm}.${part}`)]),
    'classifier.weight',
    'classifier.bias',
  ];
}

/** How the borders of a strided convolution are filled: k // 2 on each side, or TensorFlow's "same". */
export type PaddingRule = 'symmetric' | 'tf-same';

/**
 * Zeros before and after one axis.
 *
 * @param size of the axis before the convolution
 * @returns `[before, after]`; "tf-same" puts the smaller half before: total = max((ceil(s / stride) - 1) stride + k - s, 0)
 */
export function axisPadding(rule: PaddingRule, size: number, kernel: number, stride: number): [number, number] {
  if (rule === 'symmetric') return [Math.floor(kernel / 2), Math.floor(kernel / 2)];
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}
