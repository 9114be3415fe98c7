import { generator } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { ContrastiveNetwork } from '../../models/index.ts';
import { channelStatistics, contrastiveView, ImageEncoder, imageShapeOf, plainView } from '../../train/index.ts';
import type { ContrastiveViewOptions, ImageData } from '../../train/index.ts';
import { simClrOptions } from './options.ts';
import type { SimClrOptions } from './options.ts';

/** Options with what was left to the images filled in. */
export type CompleteOptions = SimClrOptions & ContrastiveViewOptions;

/** Measures what the options leave open. */
export function completeOptions(options: SimClrOptions, data: ImageData): CompleteOptions {
  const { height, width } = imageShapeOf(data);
  const { mean, sd } = options;
  const measured = mean === undefined || sd === undefined ? channelStatistics(data.pixels) : { mean, sd };
  return {
    ...options,
    size: options.size ?? Math.min(height, width),
    mean: mean ?? measured.mean,
    sd: sd ?? measured.sd,
  };
}

/** SCAN's network for its pretext, on a device. */
export function simClrNetwork(
  options: SimClrOptions,
  channels: number,
  seed: number,
  device: Device,
): ContrastiveNetwork {
  using random = generator(seed);
  const { depth, stem, width, hidden, projection } = options;
  const network = new ContrastiveNetwork({ depth, stem, width, channels, hidden, projection, generator: random });
  return network.to({ device, memoryFormat: 'channelsLast' });
}

/** The trained network as images to the features before the projection; takes it over. */
export function simClrEncoder(network: ContrastiveNetwork, options: CompleteOptions, channels: number): ImageEncoder {
  return new ImageEncoder({
    network,
    dimension: network.backbone.dimension,
    plain: plainView(options),
    augmented: contrastiveView(options),
    settings: { options, channels },
  });
}

/** The same as read from a file. */
export const completeSchema = simClrOptions.required({ size: true, mean: true, sd: true });

/** The same from a state dict and complete options. */
export function restoreSimClr(
  state: ReadonlyMap<string, Tensor>,
  given: unknown,
  channels: number,
  device: Device,
): ImageEncoder {
  const options = completeSchema.parse(given);
  const network = simClrNetwork(options, channels, 0, device);
  network.loadStateDict(state);
  return simClrEncoder(network, options, channels);
}
