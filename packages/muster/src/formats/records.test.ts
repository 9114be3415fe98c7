import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cifar100Superclasses, cifar10Layout } from './cifar.ts';
import { isIdx, readIdxHeader } from './idx.ts';
import { checkLabels, recordBytes, recordCount, recordLabels, recordPixels } from './records.ts';
import type { RecordLayout } from './records.ts';
import { readStl10Labels, stl10Layout } from './stl10.ts';

describe('recordPixels', () => {
  test('planes and columns become rows of pixels', () => {
    const small = { width: 3, height: 2, channels: 3, labelBytes: 1 } as const;
    // Level of a pixel: 100 c + 10 y + x.
    const level = (c: number, y: number, x: number): number => 100 * c + 10 * y + x;
    const want = [0, 1].flatMap((y) => [0, 1, 2].flatMap((x) => [0, 1, 2].map((c) => level(c, y, x))));
    const planes = [0, 1, 2].flatMap((c) => [0, 1].flatMap((y) => [0, 1, 2].map((x) => level(c, y, x))));
    const columns = [0, 1, 2].flatMap((c) => [0, 1, 2].flatMap((x) => [0, 1].map((y) => level(c, y, x))));
    const read = (pixels: readonly number[], order: RecordLayout['order']): number[] => {
      const record = Uint8Array.from([7, ...pixels]);
      return [...recordPixels(Buffer.concat([record, record]), { ...small, order })];
    };
    expect(read(planes, 'planes')).toEqual([...want, ...want]);
    expect(read(columns, 'columns')).toEqual([...want, ...want]);
    expect(read(want, 'pixels')).toEqual([...want, ...want]);
  });

  test('nothing is moved where nothing has to be', () => {
    const bytes = new Uint8Array(12);
    expect(recordPixels(bytes, { width: 2, height: 3, channels: 1, labelBytes: 0, order: 'pixels' })).toBe(bytes);
  });

  test('labels are the bytes before the pixels', () => {
    const each = recordBytes(cifar10Layout);
    const records = new Uint8Array(3 * each);
    [4, 2, 9].forEach((label, record) => (records[record * each] = label));
    expect([...recordLabels(records, cifar10Layout)]).toEqual([4, 2, 9]);
  });
});

describe('checks', () => {
  test('a length that is no multiple of a record', () => {
    expect(recordCount(2 * 27_648, stl10Layout, 'x.bin')).toBe(2);
    expect(() => recordCount(27_649, stl10Layout, 'x.bin')).toThrow(/^x\.bin: has 27649 bytes, which is no multiple/);
    expect(() => recordCount(0, stl10Layout, 'x.bin')).toThrow('x.bin: has no bytes');
  });

  test('labels beyond the classes are named with their place', () => {
    expect(() => checkLabels(Uint8Array.of(1, 10), 10, 'y.bin')).toThrow(
      /^y\.bin: image 2 has the label 10; .* 0 to 9/,
    );
    expect(() => readStl10Labels(Uint8Array.of(1, 0), 2, 'y.bin')).toThrow(/image 2 has the label 0; .* 1 to 10/);
    expect(() => readStl10Labels(Uint8Array.of(1), 2, 'y.bin')).toThrow('y.bin: holds 1 labels for 2 images');
    expect([...readStl10Labels(Uint8Array.of(1, 10), 2, 'y.bin')]).toEqual([0, 9]);
  });

  test('each superclass of CIFAR-100 has five classes', () => {
    const counts = new Map<number, number>();
    for (const superclass of cifar100Superclasses()) counts.set(superclass, (counts.get(superclass) ?? 0) + 1);
    expect([...counts.values()]).toEqual(new Array(20).fill(5));
  });
});

describe('readIdxHeader', () => {
  const header = (...values: number[]): Uint8Array => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, at) => bytes.writeUInt32BE(value, 4 * at));
    return bytes;
  };

  test('images and labels', () => {
    expect(readIdxHeader(header(2051, 2, 3, 4), 40, 'x')).toEqual({
      kind: 'images',
      count: 2,
      height: 3,
      width: 4,
      offset: 16,
    });
    expect(readIdxHeader(header(2049, 5), 13, 'x')).toMatchObject({ kind: 'labels', count: 5, offset: 8 });
  });

  test.each([
    [header(2052, 2, 3, 4), 40, /^x: begins with 2052, not with 2051 \(images\) or 2049/],
    [header(2051, 2, 3, 4), 39, /says it holds 2 images of 4 x 3, which are 40 bytes, and has 39/],
    [header(2051, 2, 3, 4), 41, /has 1 bytes more than its 2 images/],
    [header(2051, 2), 8, /too few for its header/],
    [header(2049), 4, /too few for an idx header/],
    [header(2051, 1, 0, 4), 16, /its header gives the size 4 x 0/],
    [header(2051, 1, 2 ** 31, 2 ** 31), 17, /more than/],
    [header(2051, 2 ** 32 - 1, 28, 28), 17, /says it holds 4294967295 items, more than/],
  ])('refuses %#', (bytes, size, message) => {
    expect(() => readIdxHeader(bytes, size, 'x')).toThrow(message);
  });

  test('any bytes give a header or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(100), (bytes, size) => {
        const start = Buffer.concat([Uint8Array.of(0, 0, 8, 3), bytes]);
        if (!isIdx(start)) return;
        try {
          const { count, height, width, offset } = readIdxHeader(start, size, 'x');
          expect(offset + count * height * width).toBe(size);
        } catch (error) {
          expect(String(error)).toContain('x: ');
        }
      }),
    );
  });
});
