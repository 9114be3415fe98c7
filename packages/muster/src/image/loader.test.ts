import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as torch from '@muster/torch';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { MusterError } from '../base/index.ts';
import { loadBatches, loadImages } from './loader.ts';
import { wholeImage } from './geometry.ts';
import { bytesSource, fileSource, readFileBytes } from './source.ts';
import { thumbnail } from './thumbnail.ts';

const folder = mkdtempSync(join(tmpdir(), 'loader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flat = (level: number, width = 20, height = 10) =>
  sharp({ create: { width, height, channels: 3, background: { r: level, g: level, b: level } } })
    .png()
    .toBuffer();

describe('loadBatches', () => {
  test('full batches in order, bad files set apart with their codes', async () => {
    const sources = await Promise.all(
      Array.from({ length: 11 }, async (_, i) =>
        bytesSource(
          i === 2 ? Buffer.from('no picture') : i === 7 ? Buffer.alloc(0) : await flat(10 * i, 5 + i, 9),
          `${i}.png`,
        ),
      ),
    );
    const batches = [];
    for await (const batch of loadBatches(sources, { batch: 4, geometry: wholeImage(6, 'bilinear'), concurrency: 3 })) {
      batches.push({
        indices: batch.indices,
        levels: batch.images.select(1, 0).select(1, 0).select(1, 0).toNumbers(),
        skipped: batch.skipped,
      });
      batch.images.dispose();
    }
    expect(batches.map(({ indices, levels }) => [indices, levels])).toEqual([
      [
        [0, 1, 3, 4],
        [0, 10, 30, 40],
      ],
      [
        [5, 6, 8, 9],
        [50, 60, 80, 90],
      ],
      [[10], [100]],
    ]);
    expect(batches.flatMap(({ skipped }) => skipped.map(({ index, code }) => [index, code]))).toEqual([
      [2, 'NOT_IMAGE'],
      [7, 'EMPTY'],
    ]);
    expect(batches[0]?.skipped[0]?.message).toContain('2.png');
  });

  test('only bad files: one batch without rows; no files: no batch', async () => {
    const options = { batch: 4, geometry: wholeImage(6, 'bilinear') };
    const found = [];
    for await (const batch of loadBatches([bytesSource(Buffer.alloc(0), 'x')], options))
      found.push([batch.images.shape[0], batch.skipped.length]);
    expect(found).toEqual([[0, 1]]);
    for await (const batch of loadBatches([], options)) found.push([batch.indices.length]);
    expect(found).toHaveLength(1);
  });

  test('memory holds its level over many batches', async () => {
    const png = await flat(9);
    const sources = Array.from({ length: 400 }, (_, i) => bytesSource(png, `${i}`));
    const before = torch.liveTensors();
    for await (const batch of loadBatches(sources, { batch: 16, geometry: wholeImage(32, 'bilinear') }))
      batch.images.dispose();
    // Earlier tests' tensors may be collected meanwhile, so the count may also fall.
    expect(torch.liveTensors()).toBeLessThanOrEqual(before);
  });
});

test('our own mistakes are not taken for bad files', async () => {
  const results = loadImages([bytesSource(await flat(1), 'x')], () => Promise.reject(new TypeError('a bug')));
  await expect(results.next()).rejects.toThrow('a bug');
});

describe('readFileBytes', () => {
  const code = async (path: string, options = {}): Promise<string> => {
    try {
      await readFileBytes(path, 'shown.png', options);
      return 'read';
    } catch (error) {
      if (!(error instanceof MusterError) || !error.message.startsWith('shown.png: ')) throw error;
      return error.code;
    }
  };

  test('gone, empty, folder, too large, changed', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'abcd');
    expect(await code(path)).toBe('read');
    expect(await code(join(folder, 'none'))).toBe('VANISHED');
    expect(await code(folder)).toBe('SPECIAL');
    for (const [fileBytes, result] of [
      [3, 'TOO_LARGE'],
      [4, 'read'],
      [5, 'read'],
    ] as const)
      expect(await code(path, { limits: { fileBytes } })).toBe(result);
    expect(await code(path, { expected: { sizeBytes: 3, mtimeMs: 0 } })).toBe('CHANGED');
    truncateSync(path, 0);
    expect(await code(path)).toBe('EMPTY');
    unlinkSync(path);
  });

  test.skipIf(process.platform === 'win32')('a pipe without a writer is not waited for', async () => {
    const pipe = join(folder, 'pipe.jpg');
    execFileSync('mkfifo', [pipe]);
    expect(await code(pipe)).toBe('SPECIAL');
  });

  test('a source reads nothing before it is asked', async () => {
    const source = fileSource(join(folder, 'later'), 'later');
    writeFileSync(join(folder, 'later'), 'x');
    expect(Buffer.from(await source.read()).toString()).toBe('x');
  });
});

describe('thumbnail', () => {
  test('is small, upright, on white, and without the camera’s data', async () => {
    const bytes = await sharp(await flat(50, 400, 200))
      .withMetadata({ orientation: 6 })
      .withExif({ IFD3: { GPSLatitudeRef: 'N' } })
      .jpeg()
      .toBuffer();
    for (const format of ['webp', 'jpeg'] as const) {
      const small = await thumbnail(bytes, 'x', { side: 96, format });
      expect([small.type, small.width, small.height]).toEqual([`image/${format}`, 48, 96]);
      expect((await sharp(small.data).metadata()).exif).toBeUndefined();
    }
  });

  test('is made of a picture that was used with a warning', async () => {
    const jpeg = await sharp(await flat(50))
      .jpeg()
      .toBuffer();
    const tables = jpeg.indexOf(Buffer.from([0xff, 0xc4]));
    const odd = Buffer.concat([jpeg.subarray(0, tables), Buffer.from([1, 2, 3]), jpeg.subarray(tables)]);
    expect(await thumbnail(odd, 'odd.jpg', { side: 96 })).toMatchObject({ width: 20, height: 10 });
  });

  test('never enlarges, and takes what the decoder library cannot read', async () => {
    const ppm = Buffer.concat([Buffer.from('P6 2 1 255\n'), Buffer.from([255, 0, 0, 255, 0, 0])]);
    expect(await thumbnail(ppm, 'x', { side: 96 })).toMatchObject({ width: 2, height: 1, type: 'image/webp' });
    await expect(thumbnail(ppm.subarray(0, 12), 'short.ppm', { side: 96 })).rejects.toMatchObject({
      code: 'TRUNCATED',
    });
  });
});
