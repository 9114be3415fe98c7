import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';

/** One number for each of the channels red, green, blue, on the scale 0..1. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Bytes to a network's input: (images / 255 - mean) / std by channel.
 *
 * @param images [n, 3, h, w] uint8
 * @returns the same shape and memory order in float32, the caller's
 */
export function normalise(images: Tensor, { mean, std }: ChannelStatistics): Tensor {
  const channels = images.shape[1] ?? 0;
  if (images.ndim !== 4 || mean.length !== channels || std.length !== channels || std.some((value) => !(value > 0))) {
    throw new MusterError(
      'normalise',
      `expected [n, c, h, w] and c means and positive deviations, got [${images.shape.join(', ')}], ${mean.join(' ')}, ${std.join(' ')}`,
      { kind: 'internal' },
    );
  }
  return torch.scope(() => {
    const column = (values: readonly number[]) =>
      torch.tensor(Float32Array.from(values), [1, channels, 1, 1]).to({ device: images.device });
    const scale = column(std.map((value) => 1 / (255 * value)));
    const shift = column(mean.map((value, channel) => -value / (std[channel] ?? 1)));
    return images.to('float32').mul_(scale).add_(shift);
  });
}
