import { scope, stack } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Mean and standard deviation of each channel on the scale 0..1. */
export interface ChannelStatistics {
  readonly mean: number[];
  readonly sd: number[];
}

/** Images summed at a time, and the least deviation that is divided by. */
const BLOCK = 1024;
const LEAST_SD = 1e-3;

/**
 * Statistics over all pixels of a collection: of every image alike, whatever its class.
 *
 * @param pixels uint8 [N, H, W, C]
 */
export function channelStatistics(pixels: Tensor): ChannelStatistics {
  const [n = 0, height = 0, width = 0, channels = 0] = pixels.shape;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let start = 0; start < n; start += BLOCK) {
    const [sum = [], square = []] = scope(() => {
      const block = pixels
        .narrow(0, start, Math.min(BLOCK, n - start))
        .to('float32')
        .div_(255);
      const options = { dtype: 'float64' } as const;
      return stack([block.sum([0, 1, 2], false, options), block.square().sum([0, 1, 2], false, options)]).toNested();
    }) as number[][];
    sum.forEach((value, channel) => (sums[channel] = (sums[channel] ?? 0) + value));
    square.forEach((value, channel) => (squares[channel] = (squares[channel] ?? 0) + value));
  }
  const count = n * height * width;
  const mean = Array.from(sums, (sum) => sum / count);
  const variance = mean.map((value, channel) => (squares[channel] ?? 0) / count - value * value);
  return { mean, sd: variance.map((value) => Math.max(LEAST_SD, Math.sqrt(Math.max(0, value)))) };
}
