import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../base/index.ts';
import { decodeImage } from './decode.ts';
import type { DecodeOptions } from './decode.ts';
import { readHeader } from './header.ts';

const width = 37;
const height = 23;
/** A picture without symmetry: smooth, so that JPEG stays near it. */
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
  const [x, y, c] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width), at % 3];
  return [4 * x + 20, 6 * y + 30, 2 * x + 3 * y][c] ?? 0;
});
const picture = () => sharp(pixels, { raw: { width, height, channels: 3 } });

const codeOf = async (bytes: Uint8Array, options: DecodeOptions = {}): Promise<string> => {
  try {
    await decodeImage(bytes, 'dir/x.jpg', options);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof MusterError) || !error.message.startsWith('dir/x.jpg: ')) throw error;
    return error.code;
  }
};

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce(
    (worst, value, at) => Math.max(worst, Math.abs(value - (b[at] ?? 999))),
    a.length === b.length ? 0 : 999,
  );
}

describe('decodeImage', () => {
  test('lossless formats give the pixels back exactly', async () => {
    for (const bytes of [
      await picture().png().toBuffer(),
      await picture().webp({ lossless: true }).toBuffer(),
      await picture().tiff({ compression: 'lzw' }).toBuffer(),
    ]) {
      const image = await decodeImage(bytes, 'x');
      expect([image.width, image.height, difference(image.rgb, pixels)]).toEqual([width, height, 0]);
    }
  });

  test('all eight orientations of one picture are equal after decoding, and differ without', async () => {
    const upright = await decodeImage(await picture().png().toBuffer(), 'x');
    // What a camera held in orientation o stores: o's inverse applied to the picture.
    const inverses: Record<number, ((image: Sharp) => Sharp)[]> = {
      1: [],
      2: [(image) => image.flop()],
      3: [(image) => image.rotate(180)],
      4: [(image) => image.flip()],
      5: [(image) => image.rotate(90), (image) => image.flop()],
      6: [(image) => image.rotate(270)],
      7: [(image) => image.rotate(270), (image) => image.flop()],
      8: [(image) => image.rotate(90)],
    };
    for (const [orientation, steps] of Object.entries(inverses)) {
      let stored = await picture().png().toBuffer();
      for (const step of steps) stored = await step(sharp(stored)).png().toBuffer();
      const raw = await sharp(stored)
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      const image = await decodeImage(raw, 'x');
      expect([orientation, image.width, image.height, difference(image.rgb, upright.rgb)]).toEqual([
        orientation,
        width,
        height,
        0,
      ]);
      const asStored = await decodeImage(raw, 'x', { orient: false });
      expect([asStored.width, asStored.height]).toEqual(Number(orientation) > 4 ? [height, width] : [width, height]);
    }
  });

  test('alpha is laid on white or dropped, as asked', async () => {
    const rgba = Buffer.from([10, 20, 30, 0, 10, 20, 30, 255, 100, 0, 200, 128]);
    const bytes = await sharp(rgba, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(bytes, 'x', { alpha: 'drop' })).rgb]).toEqual([10, 20, 30, 10, 20, 30, 100, 0, 200]);
    expect([...(await decodeImage(bytes, 'x')).rgb.subarray(0, 6)]).toEqual([255, 255, 255, 10, 20, 30]);
    expect(
      difference((await decodeImage(bytes, 'x')).rgb.subarray(6), Uint8Array.from([177, 127, 227])),
    ).toBeLessThanOrEqual(1);
  });

  test('grey is repeated, 16 bits lose their low byte, palettes are looked up', async () => {
    const grey = await sharp(Buffer.from([7, 200]), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect([...(await decodeImage(grey, 'x')).rgb]).toEqual([7, 7, 7, 200, 200, 200]);
    const deep = png(2, 1, 16, 2, [0, 0x12, 0xff, 0x34, 0, 0xff, 0xff, 0x80, 0x80, 1, 2, 3, 4]);
    expect([...(await decodeImage(deep, 'x')).rgb]).toEqual([0x12, 0x34, 0xff, 0x80, 1, 3]);
    expect((await decodeImage(deep, 'x')).warning).toContain('16-bit samples');
    const palette = await picture().png({ palette: true, colours: 4, dither: 0 }).toBuffer();
    expect(new Set((await decodeImage(palette, 'x')).rgb).size).toBeLessThanOrEqual(12);
  });

  test('of an animation the first frame', async () => {
    const frames = Buffer.concat([Buffer.alloc(12, 10), Buffer.alloc(12, 200)]);
    const bytes = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
      .gif()
      .toBuffer();
    const image = await decodeImage(bytes, 'x');
    expect([image.width, image.height, difference(image.rgb, new Uint8Array(12).fill(10))]).toEqual([2, 2, 0]);
    expect(image.header.frames).toBe(2);
  });

  test('bitmaps and pixmaps, which the decoder library cannot read', async () => {
    const ppm = Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), pixels]);
    expect(difference((await decodeImage(ppm, 'x')).rgb, pixels)).toBe(0);
  });

  test('one pixel, and as thin as the limit allows', async () => {
    expect((await decodeImage(png(1, 1, 8, 0, [0, 9]), 'x')).rgb).toEqual(Uint8Array.from([9, 9, 9]));
    const thin = png(
      1,
      20_000,
      8,
      0,
      Array.from({ length: 40_000 }, (_, at) => (at % 2 === 0 ? 0 : 50)),
    );
    expect((await decodeImage(thin, 'x')).height).toBe(20_000);
  });

  test('large JPEGs are shrunk while decoding, not below what was asked, and stay the same picture', async () => {
    const large = await picture().resize(1600, 1000, { kernel: 'cubic' }).jpeg({ quality: 95 }).toBuffer();
    for (const [atLeast, shortest, longest] of [
      [50, 100, 250],
      [200, 200, 400],
      [400, 1000, 1000],
    ] as const) {
      const image = await decodeImage(large, 'x', { atLeast });
      expect(image.height).toBeGreaterThanOrEqual(Math.max(atLeast, shortest));
      expect(image.height).toBeLessThanOrEqual(longest);
      const back = await sharp(image.rgb, { raw: { width: image.width, height: image.height, channels: 3 } })
        .resize(width, height, { fit: 'fill' })
        .raw()
        .toBuffer();
      expect(difference(back, pixels)).toBeLessThan(12);
    }
  });
});

describe('hostile and broken files', () => {
  test('empty, text, other formats', async () => {
    expect(await codeOf(new Uint8Array(0))).toBe('EMPTY');
    expect(await codeOf(Buffer.from('this is a text, whatever it is called'))).toBe('NOT_IMAGE');
    expect(await codeOf(Buffer.alloc(1000))).toBe('NOT_IMAGE');
    expect(await codeOf(Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'))).toBe(
      'UNSUPPORTED',
    );
    expect(await codeOf(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'))).toBe('UNSUPPORTED');
    expect(await codeOf(Buffer.from('%PDF-1.7 ...'))).toBe('UNSUPPORTED');
  });

  test('a JPEG cut at every fiftieth part is TRUNCATED or DECODE, never a picture', async () => {
    const whole = await picture().resize(200, 150).jpeg().toBuffer();
    for (let part = 1; part < 50; part++) {
      expect(['TRUNCATED', 'DECODE', 'NOT_IMAGE']).toContain(
        await codeOf(whole.subarray(0, Math.floor((whole.length * part) / 50))),
      );
    }
    expect(await codeOf(whole.subarray(0, Math.floor(whole.length / 2)))).toBe('TRUNCATED');
  });

  test('other formats cut in the middle', async () => {
    for (const whole of [
      await picture().png().toBuffer(),
      await picture().webp().toBuffer(),
      await picture().gif().toBuffer(),
      await picture().tiff().toBuffer(),
    ]) {
      expect(['TRUNCATED', 'DECODE']).toContain(await codeOf(whole.subarray(0, whole.length >> 1)));
    }
  });

  test('a JPEG with rubbish between its segments is used, with a warning', async () => {
    const whole = await picture().jpeg().toBuffer();
    const first = 4 + whole.readUInt16BE(4);
    const bytes = Buffer.concat([whole.subarray(0, first), Buffer.from([1, 2, 3, 4]), whole.subarray(first)]);
    const image = await decodeImage(bytes, 'odd.jpg');
    expect(image.warning).toMatch(/^odd.jpg: .*extraneous/);
    expect(difference(image.rgb, (await decodeImage(whole, 'x')).rgb)).toBe(0);
  });

  test('a wrong checksum', async () => {
    const bytes = Buffer.from(await picture().png().toBuffer());
    const at = bytes.indexOf('IDAT') + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    expect(await codeOf(bytes)).toBe('DECODE');
  });

  test('huge sizes are refused from the header, at once', async () => {
    const before = process.memoryUsage().rss;
    expect(await codeOf(png(14_000, 14_000, 8, 2, []))).toBe('TOO_LARGE');
    expect(await codeOf(png(100_000, 1, 8, 2, []))).toBe('TOO_LARGE');
    expect(await codeOf(png(0x7fffffff, 0x7fffffff, 16, 6, []))).toBe('TOO_LARGE');
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20);
  });

  test('limits are inclusive', async () => {
    const bytes = await picture().png().toBuffer();
    const count = width * height;
    for (const [name, limit] of [
      ['pixels', count],
      ['side', width],
      ['fileBytes', bytes.length],
    ] as const) {
      const codes = await Promise.all(
        [limit - 1, limit, limit + 1].map((value) => codeOf(bytes, { limits: { [name]: value } })),
      );
      expect([name, ...codes]).toEqual([name, 'TOO_LARGE', 'accepted', 'accepted']);
    }
  });

  test('compressed text as large as memory does not unpack', async () => {
    const bomb = Buffer.concat([
      Buffer.from('Comment\0\0', 'latin1'),
      deflateSync(Buffer.alloc(300 * 2 ** 20), { level: 1 }),
    ]);
    const good = png(2, 1, 8, 0, [0, 1, 2]);
    const bytes = Buffer.concat([good.subarray(0, 33), chunk('zTXt', bomb), good.subarray(33)]);
    const before = process.memoryUsage().rss;
    const start = performance.now();
    expect(['accepted', 'DECODE', 'TOO_LARGE', 'TRUNCATED']).toContain(await codeOf(bytes));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('a TIFF whose folders form a ring ends', async () => {
    const ring = Buffer.alloc(200);
    ring.write('II*\0', 0, 'latin1');
    ring.writeUInt32LE(8, 4);
    ring.writeUInt16LE(1, 8);
    ring.writeUInt32LE(8, 10 + 12);
    expect(['DECODE', 'TRUNCATED']).toContain(await codeOf(ring));
  });

  test('pixels wait for room, and give it back also after a failure', async () => {
    const asked: number[] = [];
    let open = 0;
    const reserve = (bytes: number) => {
      asked.push(bytes);
      open++;
      return Promise.resolve(() => void open--);
    };
    await decodeImage(await picture().png().toBuffer(), 'x', { reserve });
    await codeOf((await picture().png().toBuffer()).subarray(0, 200), { reserve });
    expect(asked.every((bytes) => bytes >= width * height * 3)).toBe(true);
    expect([asked.length, open]).toEqual([2, 0]);
  });
});

test('readHeader tells kind and stored size without decoding', async () => {
  const jpeg = await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect(await readHeader(jpeg, 'x')).toMatchObject({ kind: 'jpeg', width, height, cmyk: false });
  const cmyk = await picture().toColourspace('cmyk').jpeg().toBuffer();
  expect(await readHeader(cmyk, 'x')).toMatchObject({ cmyk: true });
});

/** A PNG made by hand; `rows` are the bytes before compression, each row with its filter byte. */
function png(columns: number, lines: number, depth: number, colour: number, rows: readonly number[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(lines, 4);
  header.set([depth, colour], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
