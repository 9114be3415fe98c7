import { hasFastBf16, mkldnn, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { freeze } from './efficientnet-lite-freeze.ts';
import type { FrozenConvolution, FrozenPart, InferenceOptions } from './efficientnet-lite-freeze.ts';
import { TOTAL_STRIDE } from './efficientnet-lite-layout.ts';

export type { InferenceOptions } from './efficientnet-lite-freeze.ts';

const ONES: [number, number] = [1, 1];

/**
 * EfficientNet-Lite0 frozen for embedding many images on the CPU: batch normalisations folded, everything channels-last,
 * convolution, bias and ReLU6 in one oneDNN call with weights reordered ahead, the identity added in place.
 *
 * Everything is computed on images turned by 180 degrees, with kernels turned likewise. TensorFlow's "same" padding of a
 * stride-2 convolution puts the odd zero behind; seen from the other end it lies in front, where oneDNN's even padding
 * has it (of what that adds behind, no window makes use). So no map has to be padded and no kernel widened.
 *
 * Equal to `EfficientNetLite` in evaluation mode with padding "tf-same", up to rounding.
 */
export class EfficientNetLiteInference {
  readonly dimension: number;
  /** The classifier's (classes, dimension) and (classes) float32, or null where the weights have none. */
  readonly classifier: { readonly weight: Tensor; readonly bias: Tensor } | null;
  readonly #parts: readonly FrozenPart[];
  readonly #dtype: 'float32' | 'bfloat16';
  readonly #inputSize: number;

  /**
   * @param weights the state dict under timm's names, float32; stays the caller's and may be freed afterwards
   * @throws MusterError `models.weights` where an entry is missing, `models.size` for an input size that does not fit,
   *   `models.bfloat16` where the CPU lacks it
   */
  constructor(weights: ReadonlyMap<string, Tensor>, options: InferenceOptions) {
    const { inputSize, batchSize = 32, bnEps = 1e-3, dtype = 'float32', inputScale = 1 } = options;
    if (!Number.isInteger(inputSize / TOTAL_STRIDE) || inputSize <= 0) {
      throw new MusterError('models.size', `The input size is ${inputSize}.`, {
        fix: `give a multiple of ${TOTAL_STRIDE}`,
      });
    }
    if (dtype === 'bfloat16' && !hasFastBf16()) {
      throw new MusterError('models.bfloat16', 'This CPU has no bfloat16 instructions.', {
        fix: 'use float32',
        kind: 'usage',
      });
    }
    const frozen = noGrad(() => scope(() => freeze(weights, { inputSize, batchSize, bnEps, dtype, inputScale })));
    this.#parts = frozen.parts;
    this.classifier = frozen.classifier;
    this.#dtype = dtype;
    this.#inputSize = inputSize;
    this.dimension = frozen.dimension;
  }

  /**
   * @param x (n, 3, inputSize, inputSize), scaled as the weights expect, of any dtype and memory format
   * @returns (n, dimension) float32: the mean over positions of the last map
   */
  embed(x: Tensor): Tensor {
    const [, , height, width] = x.shape;
    if (height !== this.#inputSize || width !== this.#inputSize) {
      throw new MusterError(
        'models.size',
        `The images are ${width} x ${height}, the network takes ${this.#inputSize} squared.`,
      );
    }
    return noGrad(() => scope(() => this.#lastMap(this.#prepared(x)).mean([2, 3]).to('float32')));
  }

  /**
   * @param embeddings (n, dimension) as `embed` gives them
   * @returns (n, classes) float32
   */
  logits(embeddings: Tensor): Tensor {
    const { classifier } = this;
    if (classifier === null) throw new MusterError('models.classifier', 'These weights have no classifier.');
    return noGrad(() => torch.linear(embeddings, classifier.weight, classifier.bias));
  }

  /** Frees the weights. */
  dispose(): void {
    for (const { layers } of this.#parts) {
      for (const layer of layers) {
        layer.weight.dispose();
        layer.bias.dispose();
      }
    }
    this.classifier?.weight.dispose();
    this.classifier?.bias.dispose();
  }

  /** The input turned by 180 degrees, in the network's dtype and channels-last. */
  #prepared(x: Tensor): Tensor {
    const turned = x.flip([2, 3]);
    const ready = turned.to(this.#dtype, false, false, 'channelsLast');
    turned.dispose(); // where it is ready as it is, `ready` is a second handle on it
    return ready;
  }

  /** The map of the last layer. Takes the input over. */
  #lastMap(input: Tensor): Tensor {
    let x = input;
    for (const part of this.#parts) x = inGroups(x, part.images, (group) => runLayers(group, part.layers));
    return x;
  }
}

/** Runs `body` on groups of rows, and joins what it gives. Takes the input over. */
function inGroups(x: Tensor, size: number, body: (group: Tensor) => Tensor): Tensor {
  const count = x.shape[0] ?? 0;
  if (count <= size) return body(x);
  const groups: Tensor[] = [];
  for (let start = 0; start < count; start += size) groups.push(body(x.slice(0, start, start + size)));
  const joined = torch.cat(groups);
  for (const tensor of [x, ...groups]) tensor.dispose();
  return joined;
}

/**
 * Runs layers one after the other, freeing each map as soon as the next exists. Takes the input over: where a block
 * begins at it, the block's output is written into it.
 */
function runLayers(input: Tensor, layers: readonly FrozenConvolution[]): Tensor {
  let x = input;
  let identity: Tensor | null = null;
  for (const layer of layers) {
    const before = x;
    if (layer.keepsInput) identity = x;
    x = layer.addsIdentity && identity !== null ? addTo(identity, x, layer) : convolve(x, layer);
    if (before !== identity) before.dispose();
    if (layer.addsIdentity) identity = null;
  }
  return x;
}

function convolve(x: Tensor, layer: FrozenConvolution): Tensor {
  const { weight, bias, padding, stride, groups } = layer;
  return layer.activated
    ? mkldnn._convolutionPointwise(x, weight, bias, padding, stride, ONES, groups, 'hardtanh', [0, 6], '')
    : mkldnn._convolutionPointwise(x, weight, bias, padding, stride, ONES, groups, 'none', [], '');
}

function addTo(identity: Tensor, x: Tensor, layer: FrozenConvolution): Tensor {
  const { weight, bias, padding, stride, groups } = layer;
  return mkldnn._convolutionPointwise_(
    identity,
    x,
    weight,
    bias,
    padding,
    stride,
    ONES,
    groups,
    'add',
    1,
    null,
    [],
    null,
  );
}
