import { generator } from '@muster/torch';
import type { Device, Generator, Tensor } from '@muster/torch';
import { initConvolutional_ } from '@muster/torch/nn';
import { centreCropResize, compose, randomCrop } from '../../augment/index.ts';
import type { Transform } from '../../augment/index.ts';
import { ResNet } from '../../models/index.ts';
import { ImageEncoder } from '../../train/index.ts';
import { completeRotNetOptions } from './options.ts';
import type { CompleteRotNetOptions } from './options.ts';

/** A ResNet with a linear layer to the four turns; started as MMDC's networks are. */
export function rotNetwork(
  { depth, stem, width }: CompleteRotNetOptions,
  channels: number,
  random: Generator,
  device: Device,
): ResNet {
  const network = new ResNet({ depth, stem, width, channels, rotation: true });
  initConvolutional_(network, { generator: random });
  return network.to({ device, memoryFormat: 'channelsLast' });
}

/** A crop at random, which each turn gets for itself. */
export function rotNetView({ crop, size }: CompleteRotNetOptions): Transform {
  return compose(randomCrop({ sizes: [crop], output: size }));
}

/** The trained network as images to features; takes it over. */
export function rotNetEncoder(network: ResNet, options: CompleteRotNetOptions, channels: number): ImageEncoder {
  const { crop, size } = options;
  return new ImageEncoder({
    network,
    dimension: network.dimension,
    plain: compose(centreCropResize({ crop, output: size })),
    augmented: rotNetView(options),
    settings: { options, channels },
  });
}

/** The same from a state dict. */
export function restoreRotNet(
  state: ReadonlyMap<string, Tensor>,
  given: unknown,
  channels: number,
  device: Device,
): ImageEncoder {
  const options = completeRotNetOptions.parse(given);
  using random = generator(0);
  const network = rotNetwork(options, channels, random, device);
  network.loadStateDict(state);
  return rotNetEncoder(network, options, channels);
}
