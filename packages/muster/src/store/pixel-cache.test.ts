import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveTensors } from '@muster/torch';
import { PixelWriter, readPixelCache } from './pixel-cache.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-pixels-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const size = { height: 1, width: 3, channels: 1 } as const;

test('what is written in parts is there as a whole, with its items and remarks', async () => {
  const path = join(folder, 'pixels', 'a.safetensors');
  expect(readPixelCache(path)).toBeNull();
  const before = liveTensors();
  const writer = await PixelWriter.create(path, size);
  await writer.append(Uint8Array.of(1, 2, 3, 4, 5, 6), [0, 2]);
  expect(readPixelCache(path)).toBeNull();
  await writer.append(Uint8Array.of(7, 8, 9), [5]);
  await writer.finish({ left: ['ü'] });
  const read = readPixelCache(path);
  expect(read?.pixels.shape).toEqual([3, 1, 3, 1]);
  expect(read?.pixels.toNumbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...(read?.items ?? [])]).toEqual([0, 2, 5]);
  expect(read?.remarks).toEqual({ left: ['ü'] });
  read?.pixels.dispose();
  expect(liveTensors()).toBe(before);
  expect(readdirSync(join(folder, 'pixels'))).toEqual(['a.safetensors']);
});

test('a file that was cut short or is another’s is refused', async () => {
  const path = join(folder, 'b.safetensors');
  const writer = await PixelWriter.create(path, size);
  await writer.append(Uint8Array.of(1, 2, 3), [0]);
  await writer.finish(null);
  const whole = readFileSync(path);
  for (const length of [0, 5, 500, 1025, whole.length - 1]) {
    writeFileSync(path, whole);
    truncateSync(path, length);
    expect(() => readPixelCache(path)).toThrow(/b\.safetensors/u);
  }
});

test('given up, it leaves nothing; images of another size are refused', async () => {
  const writer = await PixelWriter.create(join(folder, 'c.safetensors'), size);
  await expect(writer.append(Uint8Array.of(1, 2), [0])).rejects.toThrow(/not 1 images/u);
  await writer.abandon();
  expect(readdirSync(folder)).toEqual([]);
});
