import { expect, test } from 'vitest';
import { engineInfo, generator, scope, setThreads, threads } from './index.ts';
import * as torch from './index.ts';
import type { DType, Tensor } from './index.ts';
import { BatchNorm2d } from './nn/index.ts';

/** A normalisation with weights of both signs, one of them zero, and running statistics that are not at their start. */
function normalisation(channels: number, dtype: DType): BatchNorm2d {
  const norm = new BatchNorm2d(channels, { eps: 1e-3, momentum: 0.3 });
  const draw = { generator: generator(3), dtype: 'float32' } as const;
  torch.noGrad(() => {
    norm.weight?.copy_(torch.randn([channels], draw));
    norm.weight?.slice(0, 1, 2).zero_();
    norm.bias?.copy_(torch.randn([channels], draw));
    norm.runningMean.copy_(torch.randn([channels], draw));
    norm.runningVar.copy_(torch.rand([channels], draw).add(0.5));
  });
  return norm.to({ dtype });
}

const inTurn = (norm: BatchNorm2d, x: Tensor): Tensor => torch.maxPool2d(torch.relu(norm.forward(x)), [2, 2]);
const atOnce = (norm: BatchNorm2d, x: Tensor): Tensor => norm.reluMaxPool(x);

/** Result, derivatives and running statistics. */
function step(compute: typeof atOnce, x: Tensor, dtype: DType): Tensor[] {
  const [, channels = 0, height = 0, width = 0] = x.shape;
  const norm = normalisation(channels, dtype);
  const input = x.to(dtype).detach().requiresGrad_(true);
  const y = compute(norm, input);
  const size = [x.shape[0] ?? 0, channels, height >> 1, width >> 1];
  const dy = torch.randn(size, { generator: generator(4), dtype: 'float32' }).to(dtype);
  y.backward(dy);
  const derivatives = [input.grad, norm.weight?.grad, norm.bias?.grad].filter((tensor) => tensor != null);
  return [y, ...derivatives, norm.runningMean, norm.runningVar].map((tensor) => tensor.detach());
}

const images = (shape: readonly number[], shift: number): Tensor =>
  torch
    .randn(shape, { generator: generator(1), dtype: 'float32' })
    .add(shift)
    .contiguous({ memoryFormat: 'channelsLast' });

test.each([
  [16, 32, 32, 32],
  [128, 256, 4, 4],
  [3, 8, 7, 5],
  [1, 24, 2, 2],
  [4, 12, 6, 6],
])('%i images of %i channels, %i x %i: as the three in turn in float64', (...shape) => {
  const before = threads();
  scope(() => {
    const x = images(shape, 20);
    const expected = step(inTurn, x, 'float64');
    setThreads(2);
    const two = step(atOnce, x, 'float32');
    setThreads(1);
    const one = step(atOnce, x, 'float32');
    expect(one.length).toBe(6);
    one.forEach((tensor, at) => {
      const want = expected[at];
      if (want === undefined) throw new Error('six tensors each');
      expect(tensor.shape).toEqual(want.shape);
      const error = tensor.to('float64').sub(want).abs().max().item();
      expect(error / Math.max(1, want.abs().max().item())).toBeLessThan(2e-4);
    });
    if ((shape[1] ?? 0) % 8 === 0)
      expect(two.map((tensor) => tensor.toNumbers())).toEqual(one.map((tensor) => tensor.toNumbers()));
  });
  setThreads(before);
});

test('in evaluation by the running statistics, with derivatives and without', () => {
  scope(() => {
    const x = images([4, 16, 9, 6], 0.5);
    const norm = normalisation(16, 'float32').eval();
    const expected = inTurn(norm, x);
    const plain = torch.noGrad(() => norm.reluMaxPool(x));
    expect(plain.sub(expected).abs().max().item()).toBeLessThan(1e-5);
    expect(norm.reluMaxPool(x).sub(expected).abs().max().item()).toBe(0);
    expect(norm.numBatchesTracked.item()).toBe(0);
  });
});

test('a pixel that is no number is not hidden', () => {
  scope(() => {
    const x = images([2, 8, 4, 4], 0);
    torch.noGrad(() => x.select(0, 0).select(0, 3).fill_(NaN));
    const y = normalisation(8, 'float32').reluMaxPool(x).detach();
    expect(y.select(1, 3).isnan().all().item()).toBe(1);
    expect(y.select(1, 2).isnan().any().item()).toBe(0);
  });
});

test.skipIf(!engineInfo().cpu.avx2)('derivatives of derivatives are refused, not wrong', () => {
  scope(() => {
    const x = images([2, 8, 4, 4], 0).requiresGrad_(true);
    const y = normalisation(8, 'float32').reluMaxPool(x).sum();
    expect(() => torch.grad([y], [x], { createGraph: true })).toThrow('no derivatives of its derivatives');
  });
});
