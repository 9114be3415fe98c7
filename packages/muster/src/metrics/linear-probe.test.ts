import { beforeAll, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { generator, liveTensors, scope, setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { linearProbe } from './index.ts';

beforeAll(() => setThreads(1));

const [N, D, CLASSES] = [400, 10, 4] as const;
const short = { epochs: 20, seed: 4 };

/** Overlapping Gaussians around fixed directions, classes numbered 10, 20, ... */
function split(seed: number): { features: Tensor; labels: number[] } {
  return scope(() => {
    using random = generator(seed);
    const labels = torch.arange(N, { dtype: 'int64' }).remainder(CLASSES);
    const directions = torch.eye(CLASSES, D, { dtype: 'float32' }).mul(2);
    const noise = torch.randn([N, D], { generator: random, dtype: 'float32' });
    const features = directions.indexSelect(0, labels).add(noise, { alpha: 0.6 });
    return { features, labels: labels.toNumbers().map((label) => 10 * (label + 1)) };
  });
}

test('it tells apart what a plane can, says that it read labels, and leaves nothing behind', async () => {
  const [fit, other] = [split(1), split(2)];
  const before = liveTensors();
  const found = await linearProbe(fit, other, short);
  expect(found.accuracy).toBeGreaterThan(0.9);
  expect(found.fitAccuracy).toBeGreaterThan(0.9);
  expect(found).toMatchObject({ classes: CLASSES, fittedOnLabels: true });
  expect(found.note).toMatch(/fitted on the labels of 400 images/);
  expect(liveTensors()).toBe(before);
  expect(await linearProbe(fit, other, short)).toEqual(found);
});

test('with shuffled labels it is at chance on images it has not seen', async () => {
  const [fit, other] = [split(1), split(2)];
  const shuffled = fit.labels.map((_, i) => fit.labels[(i * 7 + Math.floor(i / 4)) % N] ?? 0);
  expect((await linearProbe({ ...fit, labels: shuffled }, other, short)).accuracy).toBeLessThan(0.4);
});

test('features may be made anew in every epoch', async () => {
  const [fit, other] = [split(1), split(2)];
  const epochs = new Set<number>();
  const features = (rows: Int32Array, epoch: number): Tensor => {
    epochs.add(epoch);
    return scope(() => fit.features.indexSelect(0, torch.tensor(BigInt64Array.from(rows, BigInt))));
  };
  const made = await linearProbe({ ...fit, features }, other, short);
  expect(epochs.size).toBe(short.epochs);
  expect(made).toEqual(await linearProbe(fit, other, short));
});

test('what does not match is refused', async () => {
  const fit = split(1);
  const code = { code: 'metrics.probe' };
  await expect(linearProbe(fit, { ...fit, labels: [10] })).rejects.toMatchObject(code);
  await expect(linearProbe(fit, { ...fit, labels: fit.labels.map((x) => x + 1) })).rejects.toMatchObject(code);
  await expect(linearProbe({ ...fit, labels: [10, 20] }, fit)).rejects.toMatchObject(code);
  const signal = AbortSignal.abort();
  await expect(linearProbe(fit, fit, { epochs: 10_000, signal })).rejects.toMatchObject({ name: 'AbortError' });
});
