import { describe, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { resize } from '../image/index.ts';
import { Draws } from './draws.ts';
import { padAndCut } from './pad-crop.ts';
import { randomCrop } from './random-crop.ts';
import { drawBoxes } from './random-resized-crop.ts';
import { resizedCrop } from './resized-crop.ts';
import { windows } from './window.ts';

const range = (length: number) => Int32Array.from({ length }, (_, at) => at);
const drawsOf = (count: number, epoch = 0) => new Draws({ seed: 2, epoch, view: 0, rows: range(count) });

describe('resizedCrop', () => {
  const boxes = { top: [0, 5, 30], left: [3, 0, 11], height: [40, 6, 1], width: [20, 33, 2] };

  test.each(['bilinear', 'bicubic'] as const)('is a cut and a resize, %s: as products and one by one', (filter) => {
    torch.scope(() => {
      using g = torch.generator(1);
      for (const side of [44, 120]) {
        const images = torch.rand([3, 3, side, side + 4], { generator: g });
        const got = resizedCrop(images, boxes, [24, 90], filter);
        const want = [0, 1, 2].map((at) => {
          const rows = images.narrow(0, at, 1).narrow(2, boxes.top[at] ?? 0, boxes.height[at] ?? 0);
          return resize(rows.narrow(3, boxes.left[at] ?? 0, boxes.width[at] ?? 0).contiguous(), [24, 90], filter);
        });
        expect(got.sub(torch.cat(want)).abs().max().item()).toBeLessThan(2e-5);
      }
    });
  });

  test('bytes: large ones are within a level of float, small ones are float', () => {
    torch.scope(() => {
      using g = torch.generator(1);
      for (const [side, levels] of [
        [44, 1e-3],
        [130, 1.01],
      ] as const) {
        const bytes = torch.randint(0, 256, [3, 3, side, side], { generator: g, dtype: 'uint8' });
        const got = resizedCrop(bytes, boxes, [96, 96], 'bilinear');
        const want = resizedCrop(bytes.to('float32').div(255), boxes, [96, 96], 'bilinear');
        expect(got.dtype).toBe('float32');
        expect(got.sub(want).abs().max().item() * 255).toBeLessThan(levels);
      }
    });
  });
});

describe('drawBoxes', () => {
  test('areas are those of the ten tries: not uniform at the upper end, as in torchvision', () => {
    const count = 20_000;
    const { top, left, height, width } = drawBoxes(drawsOf(count), [128, 128], { scale: [0.08, 1] });
    let [sum, large] = [0, 0];
    for (let at = 0; at < count; at++) {
      const [h, w] = [height[at] ?? 0, width[at] ?? 0];
      const area = (h * w) / 128 ** 2;
      sum += area;
      if (area > 0.9) large++;
      expect(area).toBeGreaterThan(0.07);
      expect(w / h).toBeGreaterThan(0.7);
      expect(w / h).toBeLessThan(1.4);
      expect((top[at] ?? -1) >= 0 && (top[at] ?? 0) + h <= 128).toBe(true);
      expect((left[at] ?? -1) >= 0 && (left[at] ?? 0) + w <= 128).toBe(true);
    }
    // One try of the same distribution, accepted where it fits, done again here by numeric integration.
    const [mean, share] = acceptedAreas(128, 0.08);
    expect(Math.abs(sum / count - mean)).toBeLessThan(0.008);
    expect(Math.abs(large / count - share)).toBeLessThan(0.008);
    expect(share).toBeLessThan(0.06); // .109 of uniform areas
  });

  test('where nothing fits, the largest central window of an allowed ratio', () => {
    const box = drawBoxes(drawsOf(2), [20, 200], { scale: [0.99, 1] });
    expect([box.top, box.left, box.height, box.width].map((values) => values[1])).toEqual([0, 86, 20, 27]);
    const tall = drawBoxes(drawsOf(2), [200, 20], { scale: [0.99, 1] });
    expect([tall.top, tall.left, tall.height, tall.width].map((values) => values[1])).toEqual([86, 0, 27, 20]);
  });
});

/** Mean of accepted areas, and share of those above .9, on a fine grid of areas and aspects. */
function acceptedAreas(side: number, low: number): [number, number] {
  let [count, sum, large] = [0, 0, 0];
  for (let i = 0; i < 400; i++) {
    for (let j = 0; j < 400; j++) {
      const area = (low + ((i + 0.5) / 400) * (1 - low)) * side ** 2;
      const aspect = Math.exp(Math.log(3 / 4) + ((j + 0.5) / 400) * Math.log(16 / 9));
      const [w, h] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
      if (w > side || h > side) continue;
      count++;
      sum += (w * h) / side ** 2;
      if (w * h > 0.9 * side ** 2) large++;
    }
  }
  return [sum / count, large / count];
}

describe('windows', () => {
  const image = torch.tensor(
    Float32Array.from({ length: 96 }, (_, at) => at),
    [2, 1, 6, 8],
  );

  test('each at its own place, small (gathered) and large (copied)', () => {
    torch.scope(() => {
      expect(windows(image, [0, 4], [1, 6], [2, 2]).toNested()).toEqual([
        [
          [
            [1, 2],
            [9, 10],
          ],
        ],
        [
          [
            [86, 87],
            [94, 95],
          ],
        ],
      ]);
      const large = torch.arange(2 * 80 * 80, { dtype: 'float32' }).view([2, 1, 80, 80]);
      const got = windows(large, [3, 10], [20, 0], [60, 55]);
      expect(got.select(0, 1).equal(large.select(0, 1).narrow(1, 10, 60).narrow(2, 0, 55))).toBe(true);
      expect(got.select(0, 0).equal(large.select(0, 0).narrow(1, 3, 60).narrow(2, 20, 55))).toBe(true);
    });
  });

  test('padding: zeros, or mirrored without the edge', () => {
    torch.scope(() => {
      const row = torch.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
      const cut = (mode: 'zero' | 'reflect') => padAndCut(row, { padding: 2, size: 3, mode }, [0], [1]).toNested();
      expect(cut('zero')).toEqual([
        [
          [
            [0, 0, 0],
            [0, 0, 0],
            [0, 1, 2],
          ],
        ],
      ]);
      expect(cut('reflect')).toEqual([
        [
          [
            [8, 7, 8],
            [5, 4, 5],
            [2, 1, 2],
          ],
        ],
      ]);
    });
  });

  test('randomCrop: every place is as likely, every size too, and what is too large is refused', () => {
    torch.scope(() => {
      const count = 4000;
      const places = torch.arange(64, { dtype: 'float32' }).view([1, 1, 8, 8]).expand([count, 1, 8, 8]);
      const corners = randomCrop({ sizes: [6], output: 6 })(places, drawsOf(count))
        .select(3, 0)
        .select(2, 0);
      const counts = new Map<number, number>();
      for (const corner of corners.flatten().toNumbers()) counts.set(corner, (counts.get(corner) ?? 0) + 1);
      expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 8, 9, 10, 16, 17, 18]);
      for (const seen of counts.values()) expect(Math.abs(seen - count / 9)).toBeLessThan(100);
      // On a ramp a window of s pixels spans s - 1 steps, however it is enlarged.
      const ramp = torch.arange(8, { dtype: 'float32' }).expand([count, 1, 8, 8]);
      const views = randomCrop({ sizes: [2, 4], output: 8 })(ramp, drawsOf(count));
      const spans = views
        .amax([1, 2, 3])
        .sub(views.amin([1, 2, 3]))
        .round()
        .toNumbers();
      expect(new Set(spans)).toEqual(new Set([1, 3]));
      expect(Math.abs(spans.filter((span) => span === 1).length - count / 2)).toBeLessThan(130);
      expect(() => randomCrop({ sizes: [9], output: 6 })(places, drawsOf(count))).toThrow(/9 px does not fit 8 x 8/);
    });
  });
});
