import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../base/index.ts';
import { decodePnm, isPnm } from './pnm.ts';

const bytes = (head: string, data: readonly number[] = []) => Buffer.concat([Buffer.from(head), Buffer.from(data)]);
const rgb = (file: Buffer) => [...decodePnm(file, 'x.ppm').rgb];

describe('decodePnm', () => {
  test('binary pixmaps, greymaps and bitmaps, with comments in the header', () => {
    expect(rgb(bytes('P6\n# by hand\n2 1\n255\n', [1, 2, 3, 4, 5, 6]))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rgb(bytes('P5 1 #w\n2 255 ', [7, 8]))).toEqual([7, 7, 7, 8, 8, 8]);
    expect(rgb(bytes('P4\n3 1\n', [0b01000000]))).toEqual([255, 255, 255, 0, 0, 0, 255, 255, 255]);
  });

  test('text pixmaps, greymaps and bitmaps', () => {
    expect(rgb(bytes('P3 1 1 255\n9 8\n# c\n7'))).toEqual([9, 8, 7]);
    expect(rgb(bytes('P2 2 1 15\n0 15'))).toEqual([0, 0, 0, 255, 255, 255]);
    expect(rgb(bytes('P1 2 1\n01'))).toEqual([255, 255, 255, 0, 0, 0]);
  });

  test('other largest values are scaled, of 16 bits the high byte stays', () => {
    expect(rgb(bytes('P5 2 1 100 ', [50, 100]))).toEqual([128, 128, 128, 255, 255, 255]);
    expect(rgb(bytes('P5 2 1 65535 ', [0x12, 0xff, 0xff, 0x00]))).toEqual([0x12, 0x12, 0x12, 0xff, 0xff, 0xff]);
    expect(rgb(bytes('P5 1 1 1023 ', [0x01, 0xff]))).toEqual([127, 127, 127]);
  });
});

describe('refusals', () => {
  const code = (file: Buffer, limits = {}) => {
    try {
      decodePnm(file, 'x.ppm', limits);
      return 'accepted';
    } catch (error) {
      return error instanceof MusterError && error.message.startsWith('x.ppm: ') ? error.code : String(error);
    }
  };

  test('cut short, too large, no number, silly numbers', () => {
    expect(code(bytes('P6 2 2 255 ', [1, 2, 3]))).toBe('TRUNCATED');
    expect(code(bytes('P3 2 2 255 1 2 3 '))).toBe('TRUNCATED');
    expect(code(bytes('P6 2'))).toBe('TRUNCATED');
    expect(code(bytes('P6 70000 1 255 '))).toBe('TOO_LARGE');
    expect(code(bytes('P6 60000 60000 255 '))).toBe('TOO_LARGE');
    expect(code(bytes('P6 0 1 255 '))).toBe('DECODE');
    expect(code(bytes('P6 1 1 70000 ', [1, 2, 3]))).toBe('DECODE');
    expect(code(bytes('P6 99999999999999999999 1 255 '))).toBe('DECODE');
    expect(code(bytes('P3 1 1 255 1 x 3 and some more'))).toBe('DECODE');
    expect(code(bytes('P7 1 1 255 '))).toBe('NOT_IMAGE');
  });

  test('any text after the signature gives a picture or a MusterError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('1', '2', '3', '4', '5', '6'),
        fc.string({ unit: fc.constantFrom('1', '2', '0', ' ', '\n', '#', 'x', '\0'), maxLength: 30 }),
        (kind, rest) => {
          const file = bytes(`P${kind} ${rest}`);
          expect(isPnm(file)).toBe(true);
          expect(['accepted', 'TRUNCATED', 'TOO_LARGE', 'DECODE']).toContain(code(file, { pixels: 10_000 }));
        },
      ),
      { numRuns: 500 },
    );
  });
});
