import { extname, basename } from 'node:path';
import { existsSync } from 'node:fs';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { readLegacyPth, readSafetensors } from '@muster/torch/io';
import { errorMessage, MusterError } from '../base/index.ts';
import type { Backbone, BackboneDescription } from './backbone.ts';
import { channelsFirst } from './pixels.ts';
import { ResNet } from './resnet.ts';
import type { ResNetDepth } from './resnet.ts';
import { fileSha256 } from './weights.ts';
import type { Preprocessing } from './weights.ts';

/** Side of ImageNet's pictures, of what the shorter side is resized to before the crop, and the channels' statistics. */
const INPUT = 224;
const RESIZE = 256;
const MEAN = [0.485, 0.456, 0.406] as const;
const SD = [0.229, 0.224, 0.225] as const;
const BATCH = 64;

/** Weights of a ResNet in a file of the user's. */
export interface ResNetFile {
  readonly depth: ResNetDepth;
  /** .safetensors, or .pth in PyTorch's format from before 1.6; torchvision's names. */
  readonly path: string;
  /** Side of the square images that the network is given, default 224. */
  readonly inputSize?: number;
  /** Side of the central square that is cut from a picture and enlarged to `inputSize`; by default it is resized and cropped as ImageNet's are. */
  readonly crop?: number;
  /** Written to a run's settings as where the weights come from, default the path. */
  readonly source?: string;
}

/**
 * A ResNet of torchvision or timm as a backbone: the numbers before its classifier, which is left out. Its width follows from the weights.
 *
 * @throws MusterError `models.no-weights` where the file is missing, `models.weights` where it holds other weights
 */
export async function openResNet(file: ResNetFile): Promise<ResNetBackbone> {
  const { path, depth } = file;
  if (!existsSync(path)) {
    throw new MusterError('models.no-weights', `The weights of ResNet-${depth} are not there.`, {
      where: path,
      fix: howToGet(depth),
      kind: 'resources',
    });
  }
  const sha256 = await fileSha256(path);
  return new ResNetBackbone(file, loadNetwork(file), sha256);
}

/** {@link openResNet} makes it. */
export class ResNetBackbone implements Backbone {
  readonly id: string;
  readonly dimension: number;
  readonly inputSize: number;
  readonly batchSize = BATCH;
  readonly preprocessing: Preprocessing;
  readonly classifier = null;
  readonly #network: ResNet;
  readonly #about: Pick<BackboneDescription, 'title' | 'weights'>;

  constructor({ depth, path, inputSize = INPUT, crop, source = path }: ResNetFile, network: ResNet, sha256: string) {
    this.id = `resnet${depth}`;
    this.dimension = network.dimension;
    this.inputSize = inputSize;
    const resize = crop === undefined ? Math.round((inputSize * RESIZE) / INPUT) : inputSize;
    this.preprocessing = { inputSize, resize, crop, interpolation: 'bilinear', mean: MEAN, std: SD };
    this.#network = network;
    const licence = 'that of the file';
    const weights = { source, sourceSha256: sha256, trainedOn: 'images that the file does not tell', licence };
    this.#about = { title: `ResNet-${depth} of ${basename(path)}`, weights };
  }

  embed(pixels: Tensor): Tensor {
    return noGrad(() =>
      scope(() => {
        const images = channelsFirst(pixels, this.inputSize);
        const count = images.shape[0] ?? 0;
        if (count === 0) return torch.zeros([0, this.dimension], { dtype: 'float32' });
        const parts: Tensor[] = [];
        for (let start = 0; start < count; start += BATCH) {
          const part = images.slice(0, start, Math.min(start + BATCH, count));
          parts.push(scope(() => this.features(part.to('float32').div_(255))));
        }
        return torch.cat(parts);
      }),
    );
  }

  /** @param images float32 (n, 3, h, w) in 0..1 @returns (n, D) */
  features(images: Tensor): Tensor {
    const column = (values: readonly number[]): Tensor => torch.tensor(Float32Array.from(values), [1, 3, 1, 1]);
    return noGrad(() =>
      scope(() => {
        const scaled = images.sub(column(MEAN)).div_(column(SD));
        return this.#network.features(scaled.contiguous({ memoryFormat: 'channelsLast' }));
      }),
    );
  }

  logits(): Tensor {
    throw new MusterError('models.classifier', `the backbone ${this.id} has no classifier`, { kind: 'internal' });
  }

  describe(): BackboneDescription {
    const { id, dimension, preprocessing } = this;
    return { id, dimension, dtype: 'float32', preprocessing, ...this.#about };
  }

  dispose(): void {
    this.#network.dispose();
  }
}

function loadNetwork({ depth, path }: ResNetFile): ResNet {
  const state = readState(path);
  try {
    const [width = 0, channels = 0] = state.get('conv1.weight')?.shape ?? [];
    if (width === 0 || channels !== 3) throw otherWeights(depth, path, 'no conv1.weight for 3 channels');
    const network = new ResNet({ depth, stem: 'imagenet', width });
    try {
      network.loadStateDict(state, { rename: (name) => (name.startsWith('fc.') ? null : name) });
    } catch (error) {
      network.dispose();
      throw otherWeights(depth, path, errorMessage(error), error);
    }
    return network.eval().to({ memoryFormat: 'channelsLast' });
  } finally {
    for (const tensor of state.values()) tensor.dispose();
  }
}

/** @throws MusterError `models.weights` for a file of another kind; the readers' own errors name the file */
function readState(path: string): Map<string, Tensor> {
  const ending = extname(path).toLowerCase();
  if (ending === '.safetensors') return readSafetensors(path);
  if (ending === '.pth' || ending === '.pt') return readLegacyPth(path);
  throw new MusterError('models.weights', 'weights are read from .safetensors and .pth', {
    where: path,
    kind: 'usage',
    fix: 'give a file of one of these kinds',
  });
}

function otherWeights(depth: ResNetDepth, path: string, why: string, cause?: unknown): MusterError {
  return new MusterError('models.weights', `These are not the weights of a ResNet-${depth} (${why}).`, {
    where: path,
    kind: 'usage',
    fix: howToGet(depth),
    cause,
  });
}

/** Where the papers' weights are, and where they are looked for. */
function howToGet(depth: ResNetDepth): string {
  return `get model.safetensors of timm/resnet${depth}.tv_in1k (torchvision's ImageNet weights) from the Hugging Face hub, and give it as --backbone resnet${depth}:FILE or put it into the cache as weights/resnet${depth}.safetensors`;
}
