import { expect, test } from 'vitest';
import { generator, noGrad, tensor } from '@muster/torch';
import { BatchNorm1d, Linear, Sequential } from '@muster/torch/nn';
import { AveragedSteps } from './averaged-steps.ts';

test('a step goes its share of the way, and running statistics stay', () => {
  const made = (seed: number): [Sequential, Linear, BatchNorm1d] => {
    using random = generator(seed);
    const parts = [new Linear(2, 2, { generator: random }), new BatchNorm1d(2)] as const;
    return [new Sequential(...parts), ...parts];
  };
  const [network, linear, norm] = made(1);
  using average = new AveragedSteps(network, made(2)[0], 0.75);
  average.begin();
  const before = linear.weight.toNumbers();
  const statistics = norm.runningMean?.toNumbers();
  for (const share of [0.25, 0.5]) {
    noGrad(() => linear.weight.add_(1)); // a step
    using images = tensor(Float32Array.of(1, 2, 3, 5), [2, 2]);
    network.forward(images).dispose();
    average.afterStep();
    linear.weight.toNumbers().forEach((value, at) => expect(value).toBeCloseTo((before[at] ?? NaN) + share, 6));
    expect(norm.runningMean?.toNumbers()).toEqual(statistics);
  }
  network.dispose();
});
