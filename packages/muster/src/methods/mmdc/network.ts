import { generator } from '@muster/torch';
import type { Device, Generator, Tensor } from '@muster/torch';
import { initConvolutional_ } from '@muster/torch/nn';
import type { Linear, Module } from '@muster/torch/nn';
import { ResNet, SmallVgg } from '../../models/index.ts';
import type { MmdcOptions } from './options.ts';

/** Channels of edges: across and down. */
const SOBEL_CHANNELS = 2;

/** A network with MMDC's heads: f_θ. Images go in as [n, channels, size, size]. */
export interface MmdcNetwork {
  /** For its state, its mode and its parameters. */
  readonly module: Module;
  /** Numbers of the features, D. */
  readonly dimension: number;
  /** [n, D]: what the heads are given. */
  features(images: Tensor): Tensor;
  /** [n, D] to points [n, d], not yet of length 1. */
  readonly topLayer: Linear;
  /** [n, D] to logits [n, 4] of the quarter turns; null where they are not told apart. */
  readonly rotationHead: Linear | null;
}

/**
 * The network of the options: convolutions Kaiming-normal, heads N(0, .01²), in channels-last order, which is faster on CPUs and GPUs.
 *
 * @param channels of the images, 1 or 3
 * @source MMDC section IV-A; the initialisation from the authors' code
 */
export function buildNetwork(options: MmdcOptions, channels: number, random: Generator, device: Device): MmdcNetwork {
  const seen = options.sobel ? SOBEL_CHANNELS : channels;
  const made = options.network === 'vgg' ? smallVgg(options, seen) : resNet(options, seen);
  initConvolutional_(made.module, { generator: random });
  made.module.to({ device, memoryFormat: 'channelsLast' });
  return made;
}

/** The same with the values of a state dict. */
export function restoreNetwork(
  options: MmdcOptions,
  channels: number,
  state: ReadonlyMap<string, Tensor>,
  device: Device,
): MmdcNetwork {
  using random = generator(0);
  const network = buildNetwork(options, channels, random, device);
  network.module.loadStateDict(state);
  network.module.eval();
  return network;
}

function resNet(options: MmdcOptions, channels: number): MmdcNetwork {
  const { groups, dimension: targetDim = groups, width, rotation } = options;
  const network = new ResNet({ depth: 18, stem: 'mmdc', width, channels, targetDim, rotation });
  const { dimension, topLayer, rotnetHead } = network;
  if (topLayer === null) throw new TypeError('a ResNet with targets has a layer for them');
  return {
    module: network,
    dimension,
    features: (x) => network.features(x),
    topLayer,
    rotationHead: rotnetHead,
  };
}

function smallVgg(options: MmdcOptions, channels: number): MmdcNetwork {
  const { groups, dimension: targetDim = groups, width, size: inputSize, rotation } = options;
  const network = new SmallVgg({ channels, inputSize, targetDim, width, rotation });
  const { dimension, topLayer, rotnetHead: rotationHead } = network;
  return { module: network, dimension, features: (x) => network.flatFeatures(x), topLayer, rotationHead };
}
