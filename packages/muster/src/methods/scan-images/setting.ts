import { generator } from '@muster/torch';
import type { Device } from '@muster/torch';
import { z } from 'zod';
import { ClusterNetwork, ContrastiveNetwork } from '../../models/index.ts';
import { channelStatistics, imageShapeOf } from '../../train/index.ts';
import type { ImageData } from '../method.ts';
import type { ScanImagesOptions } from './options.ts';

/** Shape of the networks and how they look at images: what a stored model or a checkpoint needs beside its weights. */
export const scanSettingSchema = z.object({
  depth: z.literal([18, 34, 50]),
  stem: z.enum(['imagenet', 'cifar', 'mmdc']),
  width: z.int().min(1),
  channels: z.int().min(1),
  hidden: z.int().min(1).optional(),
  projection: z.int().min(1),
  size: z.int().min(1),
  mean: z.array(z.number()),
  sd: z.array(z.number()),
});

export type ScanSetting = z.output<typeof scanSettingSchema>;

/** The setting that options ask for; what they leave open is measured on the images. */
export function settingOf(options: ScanImagesOptions, data: ImageData): ScanSetting {
  const { height, width: side, channels } = imageShapeOf(data);
  const { depth, stem, width, projection, size = Math.min(height, side), mean, sd } = options;
  const measured = mean === undefined || sd === undefined ? channelStatistics(data.pixels) : { mean, sd };
  return { depth, stem, width, channels, projection, size, mean: mean ?? measured.mean, sd: sd ?? measured.sd };
}

/** The pretext's network, on a device. */
export function pretextNetwork(
  { size: _, mean: _m, sd: _s, ...shape }: ScanSetting,
  seed: number,
  device: Device,
): ContrastiveNetwork {
  using random = generator(seed);
  return new ContrastiveNetwork({ ...shape, generator: random }).to({ device, memoryFormat: 'channelsLast' });
}

/** The network of the clustering step and of self-labelling, on a device. */
export function clusterNetwork(setting: ScanSetting, groups: number, seed: number, device: Device): ClusterNetwork {
  using random = generator(seed);
  const { depth, stem, width, channels } = setting;
  const network = new ClusterNetwork({ depth, stem, width, channels }, groups, random);
  return network.to({ device, memoryFormat: 'channelsLast' });
}
