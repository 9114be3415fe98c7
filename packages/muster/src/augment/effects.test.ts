import { describe, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { boxBlurBy, extendedBox } from './box-blur.ts';
import { cutHoles } from './cutout.ts';
import { Draws } from './draws.ts';
import { gaussianBlurBy } from './gaussian-blur.ts';
import { autocontrast, equalise, posterise, sharpen } from './levels.ts';
import { multiCrop } from './multi-crop.ts';
import { applyOperations, randAugment, randAugmentList } from './rand-augment.ts';
import { randomCrop } from './random-crop.ts';
import { solariseFrom } from './solarise.ts';

const row = (values: readonly number[]): Tensor => torch.tensor([...values], [1, 1, 1, values.length]);
const list = (x: Tensor) => x.flatten().toNumbers();

describe('blur', () => {
  test('a point becomes its kernel, each image its own', () => {
    torch.scope(() => {
      const point = torch.zeros([2, 1, 9, 9]);
      point.select(3, 4).select(2, 4).fill_(1);
      const blurred = gaussianBlurBy(point, [0.8, 2], 5);
      [0.8, 2].forEach((sigma, at) => {
        const weights = [-2, -1, 0, 1, 2].map((i) => Math.exp(-(i ** 2) / (2 * sigma ** 2)));
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const middle = blurred.select(0, at).select(0, 0).select(0, 4).narrow(0, 2, 5).toNumbers();
        middle.forEach((value, i) => expect(value).toBeCloseTo(((weights[i] ?? 0) * (weights[2] ?? 0)) / sum ** 2, 6));
      });
    });
  });

  test('three boxes keep the sum and have the variance that was asked for', () => {
    torch.scope(() => {
      for (const sigma of [0.1, 0.5, 1, 2]) {
        const point = torch.zeros([1, 1, 41, 41]);
        point.select(3, 20).select(2, 20).fill_(1);
        const profile = boxBlurBy(point, [sigma]).sum([0, 1, 2]).toNumbers();
        expect(profile.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
        expect(profile.reduce((sum, value, at) => sum + value * (at - 20) ** 2, 0)).toBeCloseTo(sigma ** 2, 4);
        expect(extendedBox(sigma).edge).toBeLessThanOrEqual(1);
      }
    });
  });

  test('an even picture stays even up to its borders', () => {
    torch.scope(() => {
      const even = torch.zeros([1, 3, 12, 13]).add(0.3);
      for (const blurred of [boxBlurBy(even, [2]), gaussianBlurBy(even, [2], 9)]) {
        expect(blurred.sub(0.3).abs().max().item()).toBeLessThan(1e-6);
      }
    });
  });
});

describe('levels', () => {
  test('solarise inverts from the threshold on', () => {
    torch.scope(() => {
      const values = list(solariseFrom(row([0, 0.25, 0.5, 0.75, 1]), 0.5));
      expect(values).toEqual([0, 0.25, 0.5, 0.25, 0]);
      const each = torch.tensor([0, 1], [2, 1, 1, 1]);
      expect(list(solariseFrom(row([0.25, 0.75]).expand([2, 1, 1, 2]), each))).toEqual([0.75, 0.25, 0.25, 0.75]);
    });
  });

  test('autocontrast goes from 0 to 1 by channel, and leaves an even one', () => {
    torch.scope(() => {
      const image = torch.tensor([0.2, 0.4, 0.6, 0.5, 0.5, 0.5], [1, 2, 1, 3]);
      const got = list(autocontrast(image));
      [0, 0.5, 1, 0.5, 0.5, 0.5].forEach((value, at) => expect(got[at]).toBeCloseTo(value, 6));
    });
  });

  test('equalise equals the table of its definition', () => {
    torch.scope(() => {
      const levels = Array.from(
        { length: 40 * 40 },
        (_, at) => Math.floor((200 * ((at * 7919) % 1600) ** 2) / 1600 ** 2) + 20,
      );
      const counts = new Array<number>(256).fill(0);
      for (const level of levels) counts[level] = (counts[level] ?? 0) + 1;
      const step = Math.floor((1600 - (counts[Math.max(...levels)] ?? 0)) / 255);
      let sum = Math.floor(step / 2);
      const table = counts.map((count) => {
        const value = Math.min(255, Math.floor(sum / step));
        sum += count;
        return value;
      });
      const even = torch.zeros([1, 1, 40, 40]).add(0.4);
      const image = torch.tensor(levels, [1, 1, 40, 40]).div(255);
      const got = equalise(torch.cat([image, even], 1))
        .mul(255)
        .round();
      expect(list(got.narrow(1, 0, 1))).toEqual(levels.map((level) => table[level]));
      expect(got.narrow(1, 1, 1).sub(102).abs().max().item()).toBe(0);
    });
  });

  test('posterise keeps upper bits; sharpen blends with a smooth picture and keeps the border', () => {
    torch.scope(() => {
      const image = row([37, 255, 128].map((level) => level / 255)).expand([2, 1, 1, 3]);
      const bits = torch.tensor([4, 7], [2, 1, 1, 1]);
      expect(list(posterise(image, bits).mul(255).round())).toEqual([32, 240, 128, 36, 254, 128]);
      const point = torch.zeros([1, 1, 5, 5]);
      point.select(3, 2).select(2, 2).fill_(1);
      point.select(3, 0).select(2, 0).fill_(1);
      const soft = sharpen(point, torch.tensor([0.25], [1, 1, 1, 1]))
        .select(0, 0)
        .select(0, 0);
      expect(
        soft
          .select(0, 2)
          .toNumbers()
          .map((value) => Number(value.toFixed(5))),
      ).toEqual([0, 0.05769, 0.53846, 0.05769, 0]);
      expect(soft.select(0, 0).toNumbers()).toEqual([1, 0, 0, 0, 0]);
    });
  });
});

describe('randAugment', () => {
  test('each operation does its own, in a batch of all', () => {
    torch.scope(() => {
      using g = torch.generator(6);
      const images = torch.rand([14, 3, 32, 30], { generator: g });
      const names = randAugmentList.map(({ name }) => name);
      const magnitudes = randAugmentList.map(({ low, high }) => low + 0.75 * (high - low));
      const together = applyOperations(images, names, magnitudes);
      names.forEach((name, at) => {
        const alone = applyOperations(images.narrow(0, at, 1), [name], [magnitudes[at] ?? 0]);
        expect(
          alone
            .sub(together.narrow(0, at, 1))
            .abs()
            .max()
            .item(),
          name,
        ).toBeLessThan(1e-6);
        const isSame = alone.equal(images.narrow(0, at, 1));
        expect(isSame, name).toBe(name === 'identity');
      });
    });
  });

  test('shears start at the first row and column, moves are shares of the side', () => {
    torch.scope(() => {
      const image = torch.arange(100, { dtype: 'float32' }).view([1, 1, 10, 10]).expand([1, 3, 10, 10]);
      const first = (x: Tensor) => x.select(0, 0).select(0, 0);
      const moved = first(applyOperations(image, ['translate-x'], [0.1]));
      expect(moved.select(0, 3).toNumbers()).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 0]);
      const lifted = first(applyOperations(image, ['translate-y'], [0.1]));
      expect(lifted.select(1, 3).toNumbers()).toEqual([13, 23, 33, 43, 53, 63, 73, 83, 93, 0]);
      const sheared = first(applyOperations(image, ['shear-x'], [0.1]));
      expect(sheared.select(0, 0).toNumbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]); // .05 pixels
      expect(sheared.select(0, 9).toNumbers()).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 0]); // .95 pixels
      const upright = first(applyOperations(image, ['shear-y'], [0.1]));
      expect(upright.select(1, 9).toNumbers()).toEqual([19, 29, 39, 49, 59, 69, 79, 89, 99, 0]);
    });
  });

  test('every operation is drawn as often', () => {
    const count = 14_000;
    const draws = new Draws({ seed: 0, epoch: 0, view: 0, rows: Int32Array.from({ length: count }, (_, at) => at) });
    const seen = new Array<number>(14).fill(0);
    for (const choice of draws.below('randaugment.choice.0', 14)) seen[choice] = (seen[choice] ?? 0) + 1;
    for (const times of seen) expect(Math.abs(times - 1000)).toBeLessThan(150);
    torch.scope(() => {
      const grey = torch.zeros([14, 3, 8, 8]).add(0.5);
      expect(randAugment({ operations: 0 })(grey, draws.part([0, 1])).equal(grey)).toBe(true);
    });
  });
});

test('cutHoles: an even number of pixels about the centre, cut at the border', () => {
  torch.scope(() => {
    const white = torch.zeros([3, 1, 6, 6]).add(1);
    const holes = cutHoles(white, [3, 0, 2], [2, 5, 2], [3, 4, 1]);
    const zeros = (at: number) => holes.select(0, at).select(0, 0).eq(0).nonzero().toNested();
    expect(zeros(0)).toEqual([
      [2, 1],
      [2, 2],
      [3, 1],
      [3, 2],
    ]);
    expect(zeros(1)).toEqual([
      [0, 3],
      [0, 4],
      [0, 5],
      [1, 3],
      [1, 4],
      [1, 5],
    ]);
    expect(holes.select(0, 2).sum().item()).toBe(36);
  });
});

test('multiCrop: each view has draws of its own', () => {
  torch.scope(() => {
    const image = torch.arange(400, { dtype: 'float32' }).view([1, 1, 20, 20]);
    const draws = new Draws({ seed: 0, epoch: 0, view: 0, rows: [7] });
    const kind = (size: number, count: number) => ({ count, view: randomCrop({ sizes: [size], output: size }) });
    const views = multiCrop([kind(8, 2), kind(4, 3)])(image, draws);
    expect(views.map((view) => view.shape[2])).toEqual([8, 8, 4, 4, 4]);
    const corners = views.map((view) => view.select(3, 0).select(2, 0).item());
    expect(new Set(corners).size).toBe(5);
  });
});
