import { expect, test } from 'vitest';
import { generator, scope, setThreads, threads } from './index.ts';
import * as torch from './index.ts';
import type { Tensor } from './index.ts';
import { engineInfo } from './engine-info.ts';
import { native } from './native.ts';

/** Result and derivatives of a 3x3 convolution with padding 1. */
function convolve(x: Tensor, weight: Tensor, dy: Tensor): Tensor[] {
  const [input, kernel] = [x.detach().requiresGrad_(true), weight.detach().requiresGrad_(true)];
  const y = torch.conv2d(input, kernel, null, [1, 1], [1, 1]);
  const gradients = torch.grad([y], [input, kernel], { gradOutputs: [dy] });
  return [y.detach(), ...gradients.filter((gradient) => gradient !== null)];
}

function drawn(shape: readonly number[], seed: number): Tensor {
  const draw = { generator: generator(seed), dtype: 'float32' } as const;
  return torch.randn(shape, draw).contiguous({ memoryFormat: 'channelsLast' });
}

const isHere = engineInfo().cpu.avx2 && native.useWinograd();

test("the addon's own kernels run on as many threads as libtorch's", () => {
  const before = threads();
  setThreads(2);
  expect(engineInfo().kernelThreads).toBe(2);
  setThreads(before);
});

// Tiles of 4 and of 3, whole and cut off; channels that fill a panel in part; too few tiles, and channels that do not fit: oneDNN's.
test.skipIf(!isHere).each([
  [12, 32, 64, 16, 16],
  [128, 16, 32, 4, 4],
  [128, 48, 16, 3, 3],
  [60, 16, 144, 5, 5],
  [20, 16, 48, 9, 7],
  [5, 32, 32, 30, 22],
  [2, 16, 16, 4, 4],
  [12, 20, 24, 16, 16],
])('%i images, %i to %i channels, %i x %i: as in float64, the same bytes by one thread and two', (n, c, k, h, w) => {
  const before = threads();
  scope(() => {
    const [x, weight, dy] = [drawn([n, c, h, w], 1), drawn([k, c, 3, 3], 2), drawn([n, k, h, w], 3)];
    const wide = (tensor: Tensor): Tensor => tensor.to('float64');
    const expected = convolve(wide(x), wide(weight), wide(dy));
    setThreads(1);
    const one = convolve(x, weight, dy);
    setThreads(2);
    const two = convolve(x, weight, dy);
    one.forEach((tensor, at) => {
      const want = expected[at];
      if (want === undefined) throw new Error('three tensors each');
      expect(tensor.shape).toEqual(want.shape);
      const error = wide(tensor).sub(want).abs().max().item() / want.abs().max().item();
      expect(error).toBeLessThan(5e-5);
    });
    const isOwn = k % 16 === 0 && c % 16 === 0 && n > 2;
    if (isOwn)
      expect(two.map((tensor) => tensor.toFloat32Array())).toEqual(one.map((tensor) => tensor.toFloat32Array()));
  });
  setThreads(before);
});

test.skipIf(!isHere)('convolutions of other kinds are left to oneDNN', () => {
  scope(() => {
    const [x, weight] = [drawn([16, 32, 12, 12], 1), drawn([32, 32, 3, 3], 2)];
    const bias = torch.ones([32]);
    const plain = torch.conv2d(x, weight, null, [1, 1], [1, 1]);
    expect(torch.conv2d(x, weight, bias, [1, 1], [1, 1]).sub(plain).sub(1).abs().max().item()).toBeLessThan(1e-3);
    const strided = torch.conv2d(x, weight, null, [2, 2], [1, 1]);
    const some = plain.slice(2, 0, undefined, 2).slice(3, 0, undefined, 2);
    expect(strided.sub(some).abs().max().item()).toBeLessThan(1e-3);
    const planes = torch.conv2d(x.contiguous(), weight.contiguous(), null, [1, 1], [1, 1]);
    expect(planes.sub(plain).abs().max().item()).toBeLessThan(1e-3);
  });
});
