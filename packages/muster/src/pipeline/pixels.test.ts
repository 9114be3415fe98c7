import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveTensors, scope, tensor } from '@muster/torch';
import { idxImages, writeFiles } from '../../test/data-files.ts';
import type { MusterEvent } from '../base/index.ts';
import { openCollection, type Collection } from '../data/index.ts';
import { greyOf, type PixelForm } from './pixel-form.ts';
import { preparePixels, type PixelCollection } from './pixels.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-pixels-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const plain: PixelForm = { size: null, channels: null, resize: 'whole', filter: 'bicubic' };

async function draw(name: string, width: number, height: number, colour: string): Promise<void> {
  const create = { width, height, channels: 3, background: colour } as const;
  writeFiles(folder, { [`images/${name}`]: await sharp({ create }).png().toBuffer() });
}

async function prepare<T>(
  form: Partial<PixelForm>,
  use: (found: PixelCollection, collection: Collection) => T,
  events: MusterEvent[] = [],
): Promise<T> {
  const collection = await openCollection(join(folder, 'images'));
  try {
    const place = { store: join(folder, 'store'), root: join(folder, 'images') };
    const emit = (event: MusterEvent): unknown => events.push(event);
    const found = await preparePixels(collection, { ...plain, ...form }, place, emit, signal);
    try {
      return use(found, collection);
    } finally {
      found.pixels.dispose();
    }
  } finally {
    await collection.close();
  }
}

test('pictures are decoded once for each size; broken ones are left out and told', async () => {
  for (const [at, colour] of ['#ff0000', '#00ff00', '#0000ff'].entries()) await draw(`${at}.png`, 8, 8, colour);
  writeFileSync(join(folder, 'images', '1b.png'), 'no picture');
  const before = liveTensors();
  const first = await prepare({}, ({ pixels, items, skipped, isReused }) => ({
    shape: pixels.shape,
    colours: scope(() => pixels.select(1, 0).select(1, 0).toNested()),
    items,
    skipped: skipped.map(({ path, code }) => [path, code]),
    isReused,
  }));
  expect(first).toEqual({
    shape: [3, 8, 8, 3],
    colours: [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ],
    items: [0, 1, 3],
    skipped: [['1b.png', 'NOT_IMAGE']],
    isReused: false,
  });
  expect(await prepare({}, ({ isReused, skipped }) => [isReused, skipped.length])).toEqual([true, 1]);
  expect(await prepare({ size: 4 }, ({ isReused, pixels }) => [isReused, ...pixels.shape])).toEqual([
    false,
    3,
    4,
    4,
    3,
  ]);
  expect(readdirSync(join(folder, 'store', 'pixels'))).toHaveLength(2);
  expect(liveTensors()).toBe(before);
});

test('another picture makes another file, and a torn one is decoded again', async () => {
  await draw('a.png', 6, 6, '#808080');
  await prepare({}, () => undefined);
  const [name = ''] = readdirSync(join(folder, 'store', 'pixels'));
  truncateSync(join(folder, 'store', 'pixels', name), 1100);
  const events: MusterEvent[] = [];
  expect(await prepare({}, ({ isReused }) => isReused, events)).toBe(false);
  expect(events.filter(({ level }) => level === 'warning')).toHaveLength(1);
  await draw('b.png', 6, 6, '#808080');
  expect(await prepare({}, ({ isReused, items }) => [isReused, items.length])).toEqual([false, 2]);
});

test('where sizes differ most pictures decide; large ones want a size; a centre can be kept', async () => {
  await draw('a.png', 12, 8, '#ffffff');
  for (const name of ['b.png', 'c.png']) await draw(name, 8, 8, '#ffffff');
  expect(await prepare({}, ({ pixels }) => pixels.shape)).toEqual([3, 8, 8, 3]);
  expect(await prepare({ size: 4, resize: 'centre', channels: 1 }, ({ pixels }) => pixels.shape)).toEqual([3, 4, 4, 1]);
  for (const name of ['a.png', 'b.png', 'c.png']) await draw(name, 300, 260, '#ffffff');
  await expect(prepare({}, () => undefined)).rejects.toMatchObject({ code: 'pixels.size', message: /--size 96/ });
});

test('raw pixels are copied as they are, or changed where another form is asked for', async () => {
  writeFiles(folder, { 'images/train-images-idx3-ubyte': idxImages(5) });
  const values = await prepare({}, ({ pixels, items }) => [
    pixels.shape,
    pixels.toNumbers().slice(0, 14),
    items.length,
  ]);
  expect(values).toEqual([[5, 4, 3, 1], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2], 5]);
  const colour = await prepare({ channels: 3 }, ({ pixels }) => pixels.toNumbers().slice(0, 6));
  expect(colour).toEqual([0, 0, 0, 1, 1, 1]);
});

test('grey is Pillow’s, and grey stays as it is', () => {
  const rows = tensor(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77, 255, 255, 255), [5, 1, 1, 3]);
  using grey = greyOf(rows);
  rows.dispose();
  expect(grey.toNumbers()).toEqual([76, 150, 29, 77, 255]);
});
