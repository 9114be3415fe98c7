import { describe, expect, it } from 'vitest';
import {
  generator,
  liveTensors,
  memoryStats,
  noGrad,
  ones,
  Parameter,
  randn,
  scope,
  tensorScope,
  zeros,
  type Tensor,
} from './index.ts';

const alive = (body: () => void): number => {
  const before = liveTensors();
  body();
  return liveTensors() - before;
};

describe('scope', () => {
  it('frees what was made inside and keeps what is returned, wherever it hides', () => {
    let kept: { list: Tensor[]; map: Map<string, Tensor> } | undefined;
    expect(
      alive(() => {
        kept = scope(() => {
          const a = ones([2]).add(1);
          return { list: [a.mul(2)], map: new Map([['sum', a.sum()]]) };
        });
      }),
    ).toBe(2);
    expect(kept?.list[0]?.toNumbers()).toEqual([4, 4]);
    expect(kept?.map.get('sum')?.item()).toBe(4);
  });

  it('frees everything when an error passes through', () => {
    expect(
      alive(() => {
        expect(() =>
          scope(() => {
            scope(() =>
              ones([10])
                .add(1)
                .mm(ones([3])),
            );
          }),
        ).toThrow(/aten::mm/);
      }),
    ).toBe(0);
  });

  it('hands kept tensors to the scope around', () => {
    expect(alive(() => scope(() => void scope(() => ones([1]).add(1))))).toBe(0);
  });

  it('keeps a generator that is returned', () => {
    const random = scope(() => generator(1));
    expect(randn([2], { generator: random }).shape).toEqual([2]);
  });

  it('works as a using declaration', () => {
    let kept: Tensor | undefined;
    const made = alive(() => {
      using block = tensorScope();
      zeros([5]).add(1);
      kept = block.keep(ones([2]));
    });
    expect(made).toBe(1);
    expect(kept?.sum().item()).toBe(2);
  });

  it('refuses a body that would outlive it', () => {
    expect(() => scope(async () => Promise.resolve(1))).toThrow(/synchronous/);
    expect(() => noGrad(async () => Promise.resolve(1))).toThrow(/synchronous/);
  });

  it('holds the number of tensors and the memory flat over 1,000 training steps', () => {
    const w1 = new Parameter(randn([64, 256]));
    const w2 = new Parameter(randn([256, 8]));
    const x = randn([32, 64]);
    const step = (): number =>
      scope(() => {
        const loss = x.mm(w1).tanh().mm(w2).square().mean();
        loss.backward();
        noGrad(() => {
          for (const w of [w1, w2]) {
            if (w.grad) w.sub_(w.grad, { alpha: 1e-4 });
            w.grad = null;
          }
        });
        return loss.item();
      });
    for (let i = 0; i < 100; i++) step();
    const [tensors, bytes, rss] = [liveTensors(), memoryStats().liveBytes, process.memoryUsage().rss];
    for (let i = 0; i < 1000; i++) step();
    expect(liveTensors()).toBe(tensors);
    expect(memoryStats().liveBytes).toBe(bytes);
    expect(process.memoryUsage().rss - rss).toBeLessThan(64 * 2 ** 20);
  });
});
