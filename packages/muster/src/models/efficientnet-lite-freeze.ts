/** How a state dict becomes the frozen network that `EfficientNetLiteInference` runs. */
import { mkldnn } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { foldBatchNorm } from '@muster/torch/nn';
import { MusterError } from '../base/index.ts';
import { convolutionLayers } from './efficientnet-lite-layout.ts';
import type { ConvolutionLayer } from './efficientnet-lite-layout.ts';

/** How a frozen network is prepared. */
export interface InferenceOptions {
  /** Side of the square input in pixels, a multiple of 32. */
  readonly inputSize: number;
  /** Number of images that the weights' memory layouts are chosen for; other numbers work too. Default 32. */
  readonly batchSize?: number;
  /** Epsilon of the batch normalisations, default 1e-3. */
  readonly bnEps?: number;
  /** Default float32. bfloat16 needs a CPU that has its instructions (`hasFastBf16()`). */
  readonly dtype?: 'float32' | 'bfloat16';
  /** Factor on the input, taken into the first convolution's weights. Default 1. */
  readonly inputScale?: number;
}

/** A convolution with its batch normalisation folded in, its weight in oneDNN's own layout. */
export interface FrozenConvolution {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly padding: [number, number];
  readonly stride: [number, number];
  readonly groups: number;
  readonly activated: boolean;
  /** Whether its input is kept for the identity of its block. */
  readonly keepsInput: boolean;
  /** Whether that identity is added to its output. */
  readonly addsIdentity: boolean;
}

/** Consecutive layers that a group of images goes through before the next group is begun. */
export interface FrozenPart {
  readonly images: number;
  readonly layers: readonly FrozenConvolution[];
}

/**
 * Where the network is cut, and how many images go through a part together: the large maps of the first layers stay in
 * the processor's cache when few are made at a time, while each call costs its set-up, so later parts take more.
 * Measured on a Zen 3, two threads, batch 32: 204 ms, against 230 ms for the whole batch at once.
 */
const CUTS = [
  { lastLayer: 'blocks.1.1.conv_pwl', images: 4 },
  { lastLayer: 'blocks.3.0.conv_pwl', images: 8 },
  { lastLayer: 'conv_head', images: 32 },
] as const;

const ONES: [number, number] = [1, 1];

/** {@link InferenceOptions} with everything said. */
export type FreezeOptions = Required<InferenceOptions>;

/**
 * Freezes a network: folds, turns and reorders its weights.
 *
 * @param weights the state dict under timm's names, float32
 * @returns the parts in order, the width of the last map, and copies of the classifier's weight and bias; the caller's
 * @throws MusterError `models.weights` where an entry is missing
 */
export function freeze(weights: ReadonlyMap<string, Tensor>, options: FreezeOptions) {
  const list = convolutionLayers();
  const parts: FrozenPart[] = [];
  let size = options.inputSize;
  let first = 0;
  for (const cut of CUTS) {
    const end = list.findIndex((layer) => layer.name === cut.lastLayer) + 1;
    const images = Math.min(cut.images, options.batchSize);
    const layers = list.slice(first, end).map((layer, place) => {
      const index = first + place;
      const inputScale = index === 0 ? options.inputScale : 1;
      const shape = { ...options, inputSize: size, batchSize: images, inputScale };
      size = size / layer.stride;
      return freezeLayer(weights, layer, shape, identities(weights, list, index));
    });
    parts.push({ images, layers });
    first = end;
  }
  const dimension = parts.at(-1)?.layers.at(-1)?.bias.shape[0] ?? 0;
  const weight = weights.get('classifier.weight');
  const bias = weights.get('classifier.bias');
  return { parts, dimension, classifier: weight && bias ? { weight: weight.clone(), bias: bias.clone() } : null };
}

/** Whether a layer is the first, and whether it is the last, of a block with an identity. */
function identities(weights: ReadonlyMap<string, Tensor>, list: readonly ConvolutionLayer[], index: number) {
  const layer = list[index];
  if (layer === undefined || !(layer.opensBlock || layer.closesBlock))
    return { keepsInput: false, addsIdentity: false };
  const block = layer.name.slice(0, layer.name.lastIndexOf('.') + 1);
  const parts = list.filter((other) => other.name.startsWith(block));
  const first = parts[0];
  const last = parts.at(-1);
  const inputs = first && entry(weights, `${first.name}.weight`).shape[first.depthwise ? 0 : 1];
  const outputs = last && entry(weights, `${last.name}.weight`).shape[0];
  const hasIdentity = inputs === outputs && parts.every((part) => part.stride === 1);
  return { keepsInput: hasIdentity && layer.opensBlock, addsIdentity: hasIdentity && layer.closesBlock };
}

function freezeLayer(
  weights: ReadonlyMap<string, Tensor>,
  layer: ConvolutionLayer,
  options: FreezeOptions,
  place: { keepsInput: boolean; addsIdentity: boolean },
): FrozenConvolution {
  const { dtype, inputSize, batchSize, inputScale } = options;
  const folded = fold(weights, layer, options.bnEps);
  const turned = folded.weight.flip([2, 3]).mul(inputScale);
  const plain = turned.to(dtype).contiguous({ memoryFormat: 'channelsLast' });
  const half = (layer.kernel - 1) / 2;
  const padding: [number, number] = [half, half];
  const stride: [number, number] = [layer.stride, layer.stride];
  const groups = layer.depthwise ? (plain.shape[0] ?? 1) : 1;
  const inputs = (plain.shape[1] ?? 1) * groups;
  const input = [batchSize, inputs, inputSize, inputSize];
  const weight = mkldnn._reorderConvolutionWeight(plain, padding, stride, ONES, groups, input);
  return { weight, bias: folded.bias.to(dtype), padding, stride, groups, activated: layer.activated, ...place };
}

/** A convolution of the state dict with the batch normalisation behind it, as one convolution. */
function fold(weights: ReadonlyMap<string, Tensor>, layer: ConvolutionLayer, eps: number) {
  const norm = (part: string) => entry(weights, `${layer.norm}.${part}`);
  return foldBatchNorm(
    { weight: entry(weights, `${layer.name}.weight`), bias: null },
    {
      weight: norm('weight'),
      bias: norm('bias'),
      runningMean: norm('running_mean'),
      runningVar: norm('running_var'),
      eps,
    },
  );
}

function entry(weights: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = weights.get(name);
  if (found !== undefined) return found;
  throw new MusterError('models.weights', `These are no weights of an EfficientNet-Lite: ${name} is missing.`);
}
