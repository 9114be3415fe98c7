import { describe, expect, it } from 'vitest';
import { Parameter, tensor, TorchError, zeros, randn, type TypedArray } from './index.ts';

describe('tensor', () => {
  it('shares memory with a typed array', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    const x = tensor(data, [2, 2]);
    x.mul_(2);
    expect([...data]).toEqual([2, 4, 6, 8]);
    data[0] = 100;
    expect(x.max().item()).toBe(100);
  });

  it('begins in the middle of a buffer', () => {
    const x = tensor(new Float64Array(Float64Array.of(1, 2, 3, 4).buffer, 8, 2));
    expect(x.toNumbers()).toEqual([2, 3]);
  });

  it.each([
    [Float32Array.of(1.5, -2), 'float32'],
    [Float64Array.of(1.5, -2), 'float64'],
    [Float16Array.of(1.5, -2), 'float16'],
    [Int8Array.of(1, -2), 'int8'],
    [Int16Array.of(1, -2), 'int16'],
    [Int32Array.of(1, -2), 'int32'],
    [BigInt64Array.of(1n, -2n), 'int64'],
    [Uint8Array.of(1, 2), 'uint8'],
    [Uint16Array.of(1, 65535), 'uint16'],
  ] as [TypedArray, string][])('carries %s as %s and back', (data, dtype) => {
    const x = tensor(data);
    expect(x.dtype).toBe(dtype);
    expect(x.toTypedArray()).toEqual(data);
  });

  it('copies numbers and nested arrays', () => {
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([[1], [2]]).shape).toEqual([2, 1]);
    expect(tensor([true, false]).dtype).toBe('bool');
    expect(tensor([1, 2, 3, 4], [2, 2], { dtype: 'int32' }).toNested()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => tensor([[1, 2], [3]])).toThrow(/different lengths/);
    expect(() => tensor(new Float32Array(5), [2, 2])).toThrow(/needs 4 elements, 5 were given/);
  });

  it('gives its elements without a copy', () => {
    const x = zeros([4]);
    const { buffer, byteOffset, byteLength } = x.select(0, 2).dataBuffer();
    expect(byteLength).toBe(4);
    new Float32Array(buffer, byteOffset, 1)[0] = 7;
    expect(x.toNumbers()).toEqual([0, 0, 7, 0]);
    expect(x.dataBuffer().buffer).toBe(buffer);
    x.dispose();
    expect(new Float32Array(buffer)[2]).toBe(7);
  });

  it('gives back the buffer that it came from', () => {
    const data = Float32Array.of(1, 2, 3);
    const x = tensor(data.subarray(1));
    const view = x.dataBuffer();
    expect(view.buffer).toBe(data.buffer);
    expect(view.byteOffset).toBe(4);
  });

  it('reads strided, short and 64-bit elements', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect([...x.t().toFloat32Array()]).toEqual([1, 3, 2, 4]);
    expect([...x.to('bfloat16').toTypedArray()]).toEqual([1, 2, 3, 4]);
    expect(() => tensor(BigInt64Array.of(2n ** 60n)).item()).toThrow(/beyond 2\^53/);
    expect(() => tensor(BigInt64Array.of(2n ** 60n)).toNumbers()).toThrow(/beyond 2\^53/);
    expect(tensor(BigInt64Array.of(2n ** 60n)).toTypedArray()).toEqual(BigInt64Array.of(2n ** 60n));
  });

  it('knows what it is', () => {
    const x = randn([2, 3]).t();
    expect([x.shape, x.strides, x.ndim, x.numel, x.dtype, x.device]).toEqual([[3, 2], [1, 3], 2, 6, 'float32', 'cpu']);
    expect(String(x)).toBe('float32[3, 2]');
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(() => x.shape).toThrow(TorchError);
  });

  it('becomes a parameter, which takes its memory over', () => {
    const source = zeros([2]);
    const parameter = new Parameter(source);
    expect(source.disposed).toBe(true);
    expect(parameter.requiresGrad).toBe(true);
    parameter.mul(3).sum().backward();
    expect(parameter.grad?.toNumbers()).toEqual([3, 3]);
    parameter.grad = null;
    expect(parameter.grad).toBeNull();
  });
});
