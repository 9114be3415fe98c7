import { expect, test } from 'vitest';
import { scope, tensor } from '@muster/torch';
import { channelStatistics } from './channel-statistics.ts';

test('mean and deviation of each channel over all pixels of all images', () => {
  scope(() => {
    const values = Uint8Array.from({ length: 1500 * 2 * 3 * 2 }, (_, at) => (at % 2 === 0 ? (at * 7) % 256 : 51));
    const own = Array.from(
      values.filter((_, at) => at % 2 === 0),
      (value) => value / 255,
    );
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length;
    const found = channelStatistics(tensor(values, [1500, 2, 3, 2]));
    expect(found.mean[0]).toBeCloseTo(mean, 6);
    expect(found.sd[0]).toBeCloseTo(Math.sqrt(variance), 6);
    expect(found.mean[1]).toBeCloseTo(0.2, 6);
    expect(found.sd[1]).toBe(1e-3); // never 0, which is divided by
  });
});
