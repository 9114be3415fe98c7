import { generator } from '@muster/torch';
import type { Device, Generator, Tensor } from '@muster/torch';
import { initConvolutional_ } from '@muster/torch/nn';
import {
  centreCropResize,
  colourJitter,
  compose,
  greyscale,
  horizontalFlip,
  randomCrop,
  sobel,
} from '../../augment/index.ts';
import type { Transform } from '../../augment/index.ts';
import { ResNet } from '../../models/index.ts';
import { ImageEncoder } from '../../train/index.ts';
import { completeNatOptions } from './options.ts';
import type { CompleteNatOptions } from './options.ts';

/** Channels of edges: across and down. */
const SOBEL_CHANNELS = 2;

/** A ResNet with a linear layer to the target points and, with rotations, one to the turns; started as MMDC's networks are. */
export function natNetwork(options: CompleteNatOptions, channels: number, random: Generator, device: Device): ResNet {
  const { depth, stem, width, dimension, rotation, sobel: edges } = options;
  const network = new ResNet({
    depth,
    stem,
    width,
    channels: edges ? SOBEL_CHANNELS : channels,
    targetDim: dimension,
    rotation,
  });
  initConvolutional_(network, { generator: random });
  return network.to({ device, memoryFormat: 'channelsLast' });
}

/** How images are looked at: in training, in the rotation task, and afterwards. Source: MMDC's code, whose views NAT gets in Table IV. */
export function natViews(options: CompleteNatOptions): { augmented: Transform; turned: Transform; plain: Transform } {
  const { size, crop, jitter, grey, flip } = options;
  const edges = options.sobel ? [sobel({ grey: 'mean' })] : [];
  const cropped = randomCrop({ sizes: [crop], output: size });
  return {
    augmented: compose(
      ...(jitter ? [colourJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.125 })] : []),
      greyscale({ p: grey }),
      horizontalFlip({ p: flip }),
      cropped,
      ...edges,
    ),
    turned: compose(cropped, ...edges),
    plain: compose(centreCropResize({ crop, output: size }), ...edges),
  };
}

/** The trained network as images to features; takes it over. */
export function natEncoder(network: ResNet, options: CompleteNatOptions, channels: number): ImageEncoder {
  const { plain, augmented } = natViews(options);
  return new ImageEncoder({
    network,
    dimension: network.dimension,
    plain,
    augmented,
    settings: { options, channels },
  });
}

/** The same from a state dict. */
export function restoreNat(
  state: ReadonlyMap<string, Tensor>,
  given: unknown,
  channels: number,
  device: Device,
): ImageEncoder {
  const options = completeNatOptions.parse(given);
  using random = generator(0);
  const network = natNetwork(options, channels, random, device);
  network.loadStateDict(state);
  return natEncoder(network, options, channels);
}
