import type { Device, Tensor } from '@muster/torch';
import { z } from 'zod';
import { augmentedEmbedding, embedImages, readModelFolder, writeModelFolder } from '../../train/index.ts';
import type { EmbedAugmented, StoredModel } from '../../train/index.ts';
import type { Pretrained, PretrainedModel } from './types.ts';

const NAME = 'pretrained';

/** What is kept beside the network. */
export interface PretrainedParts {
  readonly pretraining: string;
  readonly values: Readonly<Record<string, number>>;
}

/** A trained network with its bookkeeping. */
export class PretrainedNetwork implements Pretrained {
  readonly pretraining: string;
  readonly values: Readonly<Record<string, number>>;
  readonly dimension: number;
  readonly embedAugmented: EmbedAugmented | null;
  private readonly model: PretrainedModel;
  private readonly device: Device;

  /** Takes the model, which is on the device, over. */
  constructor({ pretraining, values }: PretrainedParts, model: PretrainedModel, device: Device) {
    this.pretraining = pretraining;
    this.values = values;
    this.dimension = model.dimension;
    this.embedAugmented = augmentedEmbedding(model, device);
    this.model = model;
    this.device = device;
  }

  embed(pixels: Tensor): Tensor {
    return embedImages(this.model, pixels, this.device);
  }

  save(folder: string): void {
    const { tensors, settings } = this.model.store();
    const { pretraining, values } = this;
    writeModelFolder(folder, NAME, tensors, { format: 1, pretraining, values, settings });
  }

  dispose(): void {
    this.model.dispose();
  }
}

const storedSchema = z.object({
  format: z.literal(1),
  pretraining: z.string(),
  values: z.record(z.string(), z.number()),
  settings: z.record(z.string(), z.unknown()),
});

/**
 * Reads what {@link PretrainedNetwork.save} wrote.
 *
 * @throws MusterError `method.folder` where it is missing, damaged, or another pretraining's
 */
export function loadPretrained(
  folder: string,
  pretraining: string,
  restore: (stored: StoredModel) => PretrainedModel,
  device: Device,
): PretrainedNetwork {
  const { tensors, description, refuse } = readModelFolder(folder, NAME, storedSchema);
  const { settings, ...parts } = description;
  if (parts.pretraining !== pretraining)
    throw refuse(`It holds a network of ${parts.pretraining}, not of ${pretraining}`);
  return new PretrainedNetwork(parts, restore({ tensors, settings }), device);
}
