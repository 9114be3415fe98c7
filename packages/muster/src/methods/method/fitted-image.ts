import * as torch from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { augmentedEmbedding, eachBlock, embedImages } from '../../train/index.ts';
import type { EmbedAugmented } from '../../train/index.ts';
import { saveFitted } from './fitted.ts';
import type { FittedParts } from './fitted.ts';
import type { Assignment, ImageAssigner, ImageFitted, ImageModel, Labelling, Usage } from './types.ts';

/** A network with the images going through it some hundreds at a time. */
export class ImageModelAssigner implements ImageAssigner {
  readonly dimension: number;
  readonly embedAugmented: EmbedAugmented | null;
  protected readonly model: ImageModel;
  private readonly device: Device;

  /** Takes the model, which is on the device, over. */
  constructor(model: ImageModel, device: Device) {
    this.dimension = model.dimension;
    this.embedAugmented = augmentedEmbedding(model, device);
    this.model = model;
    this.device = device;
  }

  assign(pixels: Tensor): Assignment {
    const n = pixels.shape[0] ?? 0;
    let all = new Float32Array(0);
    const labelling = labelImages(this.model, pixels, this.device, (values, start, groups) => {
      all = all.length === 0 ? new Float32Array(n * groups) : all;
      all.set(values, start * groups);
    });
    return { ...labelling, probabilities: torch.tensor(all, [n, n === 0 ? 0 : all.length / n]) };
  }

  label(pixels: Tensor): Labelling {
    return labelImages(this.model, pixels, this.device);
  }

  embed(pixels: Tensor): Tensor {
    return embedImages(this.model, pixels, this.device);
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** A trained network with its bookkeeping. */
export class ImageFittedModel extends ImageModelAssigner implements ImageFitted {
  readonly method: string;
  readonly groups: number;
  readonly own: Labelling;
  readonly usage: Usage;
  readonly values: Readonly<Record<string, number>>;
  readonly words: readonly string[];

  constructor(parts: FittedParts, model: ImageModel, device: Device) {
    super(model, device);
    this.method = parts.method;
    this.groups = parts.groups;
    this.own = parts.own;
    this.usage = parts.usage;
    this.values = parts.values;
    this.words = parts.words;
  }

  save(folder: string): void {
    saveFitted(folder, this, this.model.store());
  }
}

/**
 * Groups of images, a block at a time.
 *
 * @param keep gets the probabilities of each block, row-major [n, K], and the number of groups
 */
export function labelImages(
  model: ImageModel,
  pixels: Tensor,
  device: Device,
  keep?: (probabilities: Float32Array, start: number, groups: number) => void,
): Labelling {
  const [n = 0] = pixels.shape;
  const labels = new Int32Array(n);
  const confidence = new Float32Array(n);
  eachBlock(pixels, device, (block, start) => {
    const p = model.probabilities(block);
    const [top, group] = p.max(1);
    labels.set(group.maskedFill(top.le(0), -1).to('int32').toTypedArray() as Int32Array, start);
    confidence.set(top.toFloat32Array(), start);
    keep?.(p.toFloat32Array(), start, p.shape[1] ?? 0);
  });
  return { labels, confidence };
}
