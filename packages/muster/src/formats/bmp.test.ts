import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../base/index.ts';
import { decodeBmp, isBmp } from './bmp.ts';

interface BmpParts {
  width: number;
  height: number;
  bits: number;
  pixels: number[];
  compression?: number;
  palette?: number[];
  masks?: number[];
}

/** A bitmap with a 40-byte header; `pixels` are the stored bytes, rows padded. */
function bmp({ width, height, bits, pixels, compression = 0, palette = [], masks = [] }: BmpParts): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM');
  const extra = Buffer.alloc(4 * masks.length);
  masks.forEach((mask, at) => extra.writeUInt32LE(mask, 4 * at));
  header.writeUInt32LE(54 + extra.length + palette.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(palette.length / 4, 46);
  return Buffer.concat([header, extra, Buffer.from(palette), Buffer.from(pixels)]);
}

const rgb = (bytes: Buffer) => [...decodeBmp(bytes, 'x.bmp').rgb];
const red = [255, 0, 0];
const green = [0, 255, 0];
const blue = [0, 0, 255];
const white = [255, 255, 255];
// Palette entries are stored blue, green, red, unused.
const palette = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0];

describe('decodeBmp', () => {
  test('24 bits: blue first, bottom row first, rows padded to four bytes', () => {
    const pixels = [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0];
    expect(rgb(bmp({ width: 2, height: 2, bits: 24, pixels }))).toEqual([...red, ...green, ...blue, ...white]);
  });

  test('a negative height means top row first', () => {
    const pixels = [0, 0, 255, 0, 0, 255, 0, 0];
    expect(rgb(bmp({ width: 1, height: -2, bits: 24, pixels }))).toEqual([...red, ...green]);
    expect(rgb(bmp({ width: 1, height: 2, bits: 24, pixels }))).toEqual([...green, ...red]);
  });

  test('32 bits, 16 bits as 5-5-5 and with masks for 5-6-5', () => {
    expect(rgb(bmp({ width: 1, height: 1, bits: 32, pixels: [1, 2, 3, 9] }))).toEqual([3, 2, 1]);
    expect(rgb(bmp({ width: 2, height: 1, bits: 16, pixels: [0x00, 0x7c, 0x1f, 0x00] }))).toEqual([...red, ...blue]);
    const masks = [0xf800, 0x07e0, 0x001f];
    expect(
      rgb(bmp({ width: 2, height: 1, bits: 16, compression: 3, masks, pixels: [0xe0, 0x07, 0x10, 0x84] })),
    ).toEqual([...green, 131, 129, 131]);
    expect(
      rgb(
        bmp({ width: 1, height: 1, bits: 32, compression: 3, masks: [0xff, 0xff00, 0xff0000], pixels: [1, 2, 3, 4] }),
      ),
    ).toEqual([1, 2, 3]);
  });

  test('palettes of 1, 4 and 8 bits; an index beyond the palette is black', () => {
    expect(rgb(bmp({ width: 3, height: 1, bits: 1, palette, pixels: [0b01000000, 0, 0, 0] }))).toEqual([
      ...red,
      ...green,
      ...red,
    ]);
    expect(rgb(bmp({ width: 3, height: 1, bits: 4, palette, pixels: [0x23, 0x10, 0, 0] }))).toEqual([
      ...blue,
      ...white,
      ...green,
    ]);
    expect(rgb(bmp({ width: 2, height: 1, bits: 8, palette, pixels: [1, 200, 0, 0] }))).toEqual([...green, 0, 0, 0]);
  });

  test('run lengths of 8 and 4 bits: runs, literal stretches, jumps, early end', () => {
    const eight = bmp({
      width: 4,
      height: 2,
      bits: 8,
      compression: 1,
      palette,
      pixels: [3, 1, 1, 2, 0, 0, 0, 3, 0, 1, 2, 0, 1, 3, 0, 1],
    });
    expect(rgb(eight)).toEqual([...red, ...green, ...blue, ...white, ...green, ...green, ...green, ...blue]);
    const four = bmp({
      width: 5,
      height: 1,
      bits: 4,
      compression: 2,
      palette,
      pixels: [3, 0x12, 0, 2, 1, 0, 1, 0x30, 0, 1],
    });
    expect(rgb(four)).toEqual([...green, ...blue, ...green, ...red, ...white]);
  });

  test('the short OS/2 header', () => {
    const bytes = Buffer.alloc(26 + 6 + 4);
    bytes.write('BM');
    bytes.writeUInt32LE(32, 10);
    bytes.writeUInt32LE(12, 14);
    bytes.writeUInt16LE(2, 18);
    bytes.writeUInt16LE(1, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt16LE(1, 24);
    bytes.set([0, 0, 255, 0, 255, 0, 0b01000000], 26);
    expect(rgb(bytes)).toEqual([...red, ...green]);
  });
});

describe('refusals', () => {
  const code = (bytes: Buffer, limits = {}) => {
    try {
      decodeBmp(bytes, 'x.bmp', limits);
      return 'accepted';
    } catch (error) {
      return error instanceof MusterError && error.message.startsWith('x.bmp: ') ? error.code : String(error);
    }
  };

  test('a huge size in a small file is refused before memory is taken', () => {
    expect(code(bmp({ width: 65_535, height: 1500, bits: 24, pixels: [] }))).toBe('TRUNCATED');
    expect(code(bmp({ width: 100_000, height: 1, bits: 24, pixels: [] }))).toBe('TOO_LARGE');
    expect(code(bmp({ width: 65_535, height: 65_535, bits: 24, pixels: [] }))).toBe('TOO_LARGE');
    expect(code(bmp({ width: 0, height: 5, bits: 24, pixels: [] }))).toBe('DECODE');
  });

  test('limits are inclusive', () => {
    const picture = bmp({ width: 2, height: 2, bits: 24, pixels: new Array<number>(16).fill(0) });
    expect([3, 4, 5].map((pixels) => code(picture, { pixels }))).toEqual(['TOO_LARGE', 'accepted', 'accepted']);
    expect([1, 2, 3].map((side) => code(picture, { side }))).toEqual(['TOO_LARGE', 'accepted', 'accepted']);
  });

  test('unknown kinds, wrong offsets, data that end early', () => {
    expect(code(bmp({ width: 1, height: 1, bits: 24, compression: 4, pixels: [0, 0, 0, 0] }))).toBe('UNSUPPORTED');
    expect(code(bmp({ width: 1, height: 1, bits: 7, pixels: [0, 0, 0, 0] }))).toBe('UNSUPPORTED');
    const offset = bmp({ width: 1, height: 1, bits: 24, pixels: [0, 0, 0, 0] });
    offset.writeUInt32LE(9999, 10);
    expect(code(offset)).toBe('DECODE');
    expect(code(bmp({ width: 4, height: 4, bits: 8, compression: 1, palette, pixels: [4, 1, 0, 0] }))).toBe(
      'TRUNCATED',
    );
    expect(code(bmp({ width: 4, height: 4, bits: 8, compression: 1, palette, pixels: [0, 4, 1, 1] }))).toBe(
      'TRUNCATED',
    );
  });

  test('any bytes after the signature give a picture or a MusterError, quickly', () => {
    const good = bmp({
      width: 4,
      height: 4,
      bits: 8,
      compression: 1,
      palette,
      pixels: [4, 1, 0, 0, 4, 2, 0, 0, 4, 3, 0, 0, 4, 0, 0, 1],
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        if (isBmp(bytes))
          expect(['accepted', 'TRUNCATED', 'TOO_LARGE', 'UNSUPPORTED', 'DECODE', 'NOT_IMAGE']).toContain(
            code(bytes, { pixels: 10_000 }),
          );
      }),
      { numRuns: 500 },
    );
  });
});
