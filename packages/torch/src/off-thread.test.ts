import { describe, expect, it } from 'vitest';
import {
  gradsOf,
  liveTensors,
  memoryStats,
  noGrad,
  offThread,
  ones,
  Parameter,
  randn,
  resetPeakMemory,
  scope,
  zeros,
  type Tensor,
} from './index.ts';

describe('offThread', () => {
  it('computes and differentiates what the main thread would, while the event loop goes on', async () => {
    const w = new Parameter(randn([512, 512]).div(20));
    const x = randn([512, 512]);
    const network = (): Tensor => {
      let h = x;
      for (let i = 0; i < 12; i++) h = h.mm(w).tanh();
      const loss = h.sum();
      loss.backward();
      return loss;
    };
    const expected = scope(() => network().item());
    const gradient = w.grad?.clone();
    w.grad = null;
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const loss = await offThread(network);
    clearInterval(timer);
    expect(loss.item()).toBe(expected);
    expect(gradsOf([w])[0]?.equal(gradient ?? w)).toBe(true);
    expect(ticks).toBeGreaterThan(3);
  });

  it('keeps what it needs alive, frees the rest, and gives lists', async () => {
    const before = liveTensors();
    const x = ones([3]);
    const promise = offThread(() => {
      const [values, indices] = x.mul(2).max(0);
      return [values, indices, x.add_(1)];
    });
    x.dispose();
    const [values, indices] = await promise;
    expect([values?.item(), indices?.item()]).toEqual([2, 0]);
    values?.dispose();
    indices?.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('gives one tensor twice where it is returned twice, and frees what nothing reads any more', async () => {
    resetPeakMemory();
    const x = zeros([1 << 20]);
    const before = memoryStats().liveBytes;
    const [a, b] = await offThread(
      () => {
        let y = x;
        for (let i = 0; i < 40; i++) y = y.sin();
        return [y, y];
      },
      { grad: false },
    );
    expect(a).toBe(b);
    expect(a?.sum().item()).toBe(0);
    expect(memoryStats().peakBytes - before).toBeLessThan(20 * 2 ** 20);
  });

  it('runs in the mode that it is given', async () => {
    const w = new Parameter(ones([2, 2]));
    expect((await offThread(() => w.mul(2), { grad: false })).requiresGrad).toBe(false);
    expect((await offThread(() => w.mm(w), { autocast: 'bfloat16' })).dtype).toBe('bfloat16');
    await expect(offThread(() => noGrad(() => w.mul(2)))).rejects.toThrow(/'grad' to offThread/);
  });

  it('rejects with the error of the operator', async () => {
    const x = ones([2, 3]);
    await expect(offThread(() => x.mm(x))).rejects.toThrow(/aten::mm/);
    await expect(offThread(() => x.unbind(0))).rejects.toThrow(/cannot be recorded/);
    await expect(offThread(() => x.reshape([x.mul(2).numel]))).rejects.toThrow(/no shape/);
    expect((await offThread(() => x.sum())).item()).toBe(6);
  });
});
