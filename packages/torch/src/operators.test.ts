import { describe, expect, it } from 'vitest';
import * as torch from './index.ts';
import { tensor } from './index.ts';

const x = tensor([
  [1, 2],
  [3, 4],
]);

describe('generated operators', () => {
  it('are functions and methods of one name', () => {
    expect(torch.mm(x, x).toNested()).toEqual(x.mm(x).toNested());
    expect(x.logSoftmax(1).exp().sum([1]).toNumbers()).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
  });

  it('choose an overload by the kinds of the arguments', () => {
    expect(x.max().item()).toBe(4);
    expect(x.max(1)[1].toNumbers()).toEqual([1, 1]);
    expect(x.max(tensor([[9, 0]])).toNested()).toEqual([
      [9, 2],
      [9, 4],
    ]);
    expect(x.add(1).toNumbers()).toEqual([2, 3, 4, 5]);
    expect(x.sum().item()).toBe(10);
    expect(x.sum([0]).toNumbers()).toEqual([4, 6]);
    expect(x.std(0, true).shape).toEqual([2]);
    expect(x.std([0], { correction: 0 }).toNumbers()).toEqual([1, 1]);
    expect(x.split(1, 1).length).toBe(2);
    expect(torch.where(x.gt(2), x, torch.zerosLike(x)).toNumbers()).toEqual([0, 0, 3, 4]);
  });

  it('take keyword-only arguments as one options object after the positional ones given', () => {
    expect(x.add(x, { alpha: 10 }).toNumbers()).toEqual([11, 22, 33, 44]);
    expect(x.sum({ dtype: 'float64' }).dtype).toBe('float64');
    expect(x.sum([1], { dtype: 'float64' }).dtype).toBe('float64');
    expect(x.sum([1], true, { dtype: 'float64' }).shape).toEqual([2, 1]);
    expect(torch.zeros([2, 3], { dtype: 'int64' }).dtype).toBe('int64');
  });

  it('read null as none and undefined as the default', () => {
    expect(x.clamp(null, 2).toNumbers()).toEqual([1, 2, 2, 2]);
    expect(x.clamp(2, undefined).toNumbers()).toEqual([2, 2, 3, 4]);
  });

  it('give the same object back from in-place and out variants', () => {
    const y = x.clone();
    expect(y.mul_(2)).toBe(y);
    const out = torch.empty([2, 2]);
    expect(torch.add(x, x, { out })).toBe(out);
    expect(out.toNumbers()).toEqual(y.toNumbers());
  });

  it('keep integers whole and fractions fractional', () => {
    const whole = tensor([1, 2, 3], null, { dtype: 'int64' });
    expect(whole.mul(2).dtype).toBe('int64');
    expect(whole.mul(0.5).dtype).toBe('float32');
  });

  it('are reachable one overload at a time, and in the other namespaces', () => {
    expect(torch.op['aten::add.Tensor'](x, x, { alpha: 2 }).toNumbers()).toEqual([3, 6, 9, 12]);
    const w = torch.randn([5, 2]);
    const fused = torch.mkldnn._linearPointwise(x, w, null, 'none', [], '');
    expect(fused.sub(x.mm(w.t())).abs().max().item()).toBeLessThan(1e-5);
  });

  it('read strings, lists and numbers from the results', () => {
    expect(torch.resultType(x, tensor([1], null, { dtype: 'float64' }))).toBe(7);
    expect(x.equal(x)).toBe(true);
    expect(x.unbind(0).map((row) => row.toNumbers())).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('stay typed', () => {
    // @ts-expect-error a string is no tensor
    expect(() => torch.mm(x, 'x')).toThrow(/no overload takes/);
    // @ts-expect-error there is no such option
    expect(() => x.add(x, { beta: 1 })).toThrow(/\{ beta \}/);
  });
});
