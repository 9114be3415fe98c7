import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { describe, expect, test } from 'vitest';
import { cropRaster } from './crop.ts';
import { prepareImage, stackImages } from './prepare.ts';
import { centreSquare, resizedSize, wholeImage } from './geometry.ts';
import type { Geometry } from './geometry.ts';
import { centreCrop, imageTensor, resize, resizeCrop } from './resize.ts';
import { resizeWindow } from './resize-window.ts';

const generator = torch.generator(1);
const noise = (...shape: number[]) => torch.rand(shape, { generator });
const bytes = (...shape: number[]) =>
  noise(...shape)
    .mul(256)
    .floor()
    .to('uint8');
const raster = (height: number, width: number) => ({
  width,
  height,
  rgb: bytes(height * width * 3).toTypedArray() as Uint8Array,
});
const worst = (a: Tensor, b: Tensor) => a.to('float32').sub(b.to('float32')).abs().max().item();

describe('resize', () => {
  test('by hand: a row of four halved with the triangle of half-width two', () => {
    const row = torch.tensor([0, 1, 2, 3], [1, 1, 1, 4]);
    // Outputs centre on 1 and 3 (pixel edges); weights .5 .5 normalise from 3/4, 3/4, 1/4 and their mirror.
    const [left = 0, right = 0] = resize(row, [1, 2], 'bilinear').toNumbers();
    expect(left).toBeCloseTo((0.75 * 0 + 0.75 * 1 + 0.25 * 2) / 1.75, 6);
    expect(right).toBeCloseTo((0.25 * 1 + 0.75 * 2 + 0.75 * 3) / 1.75, 6);
  });

  test('keeps a constant, in both arithmetics and filters', () => {
    for (const filter of ['bilinear', 'bicubic'] as const) {
      expect(
        worst(resize(torch.full([1, 3, 20, 31], 0.3), [7, 40], filter), torch.full([1, 3, 7, 40], 0.3)),
      ).toBeLessThan(1e-6);
      const grey = torch.full([1, 3, 20, 31], 77, { dtype: 'uint8' });
      expect(worst(resize(grey, [7, 40], filter), torch.full([1, 3, 7, 40], 77))).toBe(0);
    }
  });

  test('bytes are the rounded floats, within one level where nothing overshoots', () => {
    const image = bytes(2, 3, 40, 50);
    const floats = resize(image.to('float32'), [13, 17], 'bilinear');
    expect(worst(resize(image, [13, 17], 'bilinear'), floats)).toBeLessThan(1.5);
  });

  test('the same size gives an equal copy that is the caller’s', () => {
    const image = bytes(1, 3, 5, 6);
    const copy = resize(image, [5, 6], 'bicubic');
    expect(worst(copy, image)).toBe(0);
    copy.zero_();
    expect(image.max().item()).toBeGreaterThan(0);
  });
});

test('resizedSize: the longer side is cut down, not rounded', () => {
  expect(resizedSize([375, 500], 224)).toEqual([224, 298]);
  expect(resizedSize([500, 375], 224)).toEqual([298, 224]);
  expect(resizedSize([10, 10], [3, 4])).toEqual([3, 4]);
});

describe('centreCrop', () => {
  const columns = (width: number, crop: number) => {
    const image = torch
      .arange(1, width + 1, { dtype: 'float32' })
      .reshape([1, 1, 1, width])
      .expand([1, 1, crop, width]);
    return centreCrop(image, crop).select(2, 0).toNumbers();
  };

  test('halves of an odd rest go to the even number', () => {
    expect(columns(7, 4)).toEqual([3, 4, 5, 6]); // 1.5 -> 2
    expect(columns(5, 4)).toEqual([1, 2, 3, 4]); // 0.5 -> 0
    expect(columns(9, 4)).toEqual([3, 4, 5, 6]); // 2.5 -> 2
  });

  test('zeros around what is too small, the smaller part first', () => {
    expect(columns(2, 5)).toEqual([0, 1, 2, 0, 0]);
  });

  test('bytes in memory are cropped alike', () => {
    for (const [height, width, crop] of [
      [7, 9, 4],
      [3, 9, 5],
      [9, 3, 6],
      [2, 2, 7],
      [5, 5, 5],
    ] as const) {
      const image = raster(height, width);
      const want = centreCrop(imageTensor(image), crop);
      expect(worst(imageTensor(cropRaster(image, crop)), want)).toBe(0);
    }
  });
});

describe('resizeWindow', () => {
  test('equals the same part of the whole, shrinking and growing', () => {
    for (const filter of ['bilinear', 'bicubic'] as const) {
      for (const size of [
        [9, 12],
        [70, 90],
        [30, 41],
        [1, 3],
      ] as const) {
        const window = {
          top: Math.floor(size[0] / 3),
          left: Math.floor(size[1] / 3),
          height: Math.ceil(size[0] / 3),
          width: Math.ceil(size[1] / 3),
        };
        const part = (whole: Tensor) => whole.narrow(2, window.top, window.height).narrow(3, window.left, window.width);
        const floats = noise(1, 3, 30, 41);
        expect(worst(resizeWindow(floats, size, window, filter), part(resize(floats, size, filter)))).toBeLessThan(
          1e-5,
        );
        const image = bytes(1, 3, 30, 41);
        expect(worst(resizeWindow(image, size, window, filter), part(resize(image, size, filter)))).toBeLessThanOrEqual(
          filter === 'bilinear' ? 1 : 2,
        );
      }
    }
  });

  test('a strip of 1 x 60,000 pixels is cropped without making its 3 billion pixels', () => {
    const strip = torch.ones([1, 3, 1, 60_000]).mul(0.5);
    const before = torch.memoryStats().peakBytes;
    const square = resizeCrop(strip, centreSquare(224, 'bilinear'));
    expect([square.shape, worst(square, torch.full([1, 3, 224, 224], 0.5)) < 1e-6]).toEqual([[1, 3, 224, 224], true]);
    expect(torch.memoryStats().peakBytes - before).toBeLessThan(20 * 2 ** 20);
  });
});

describe('prepareImage', () => {
  const geometries: Geometry[] = [
    centreSquare(16, 'bilinear'),
    centreSquare(16, 'bicubic', 20),
    wholeImage(15, 'bilinear'),
    { resize: 12, crop: 20, filter: 'bilinear' },
    { resize: 12, crop: 20, order: 'crop-resize', filter: 'bilinear' },
    { resize: [9, 14], crop: 25, order: 'crop-resize', filter: 'bicubic' },
    { resize: 21, crop: null, filter: 'bilinear' },
  ];

  test('equals resizeCrop for every geometry and shape', () => {
    for (const geometry of geometries) {
      for (const [height, width] of [
        [21, 33],
        [40, 17],
        [16, 16],
        [1, 5],
      ] as const) {
        const image = raster(height, width);
        expect(worst(imageTensor(prepareImage(image, geometry)), resizeCrop(imageTensor(image), geometry))).toBe(0);
      }
    }
  });

  test('leaves no tensor behind', () => {
    const image = raster(30, 20);
    const before = torch.liveTensors();
    for (const geometry of geometries) prepareImage(image, geometry);
    expect(torch.liveTensors()).toBe(before);
  });
});

test('stackImages keeps order and refuses mixed sizes', () => {
  const rows = [raster(4, 5), raster(4, 5)];
  const images = stackImages(rows);
  expect(images.shape).toEqual([2, 3, 4, 5]);
  expect(images.isContiguous('channelsLast')).toBe(true);
  expect([...images.select(0, 1).permute([1, 2, 0]).contiguous().toTypedArray()]).toEqual([...(rows[1]?.rgb ?? [])]);
  expect(() => stackImages([raster(4, 5), raster(5, 4)])).toThrow('do not make one batch');
  expect(stackImages([]).shape).toEqual([0, 3, 0, 0]);
});
