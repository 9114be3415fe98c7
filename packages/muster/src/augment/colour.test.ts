import { describe, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { jitter, jitterOperations } from './colour-jitter.ts';
import { greyOf, turnHue } from './colour.ts';

const range = (count: number) => Array.from({ length: count }, (_, at) => at);

/** HSV by the usual six sectors, for one colour. */
function turnOne([r, g, b]: readonly [number, number, number], shift: number): number[] {
  const v = Math.max(r, g, b);
  const c = v - Math.min(r, g, b);
  const s = v === 0 ? 0 : c / v;
  const sixths = c === 0 ? 0 : r === v ? (g - b) / c : g === v ? (b - r) / c + 2 : (r - g) / c + 4;
  const h = ((((sixths / 6 + shift) % 1) + 1) % 1) * 6;
  const [i, f] = [Math.floor(h), h - Math.floor(h)];
  const [p, q, t] = [v * (1 - s), v * (1 - s * f), v * (1 - s * (1 - f))];
  return (
    [
      [v, t, p],
      [q, v, p],
      [p, v, t],
      [p, q, v],
      [t, p, v],
      [v, p, q],
    ][i % 6] ?? []
  );
}

test('turnHue equals the six sectors, with equal and extreme colours among them', () => {
  torch.scope(() => {
    const levels = [0, 0.2, 0.5, 1];
    const colours = levels.flatMap((r) => levels.flatMap((g) => levels.map((b) => [r, g, b] as const)));
    const shifts = [-0.5, -0.13, 0, 0.27, 0.5];
    const images = torch
      .tensor(colours.map((colour) => [...colour]))
      .t()
      .reshape([1, 3, 8, 8])
      .expand([5, 3, 8, 8]);
    const got = turnHue(images, torch.tensor(shifts, [5, 1, 1, 1]));
    const want = shifts.map((shift) => colours.map((colour) => turnOne(colour, shift)));
    const difference = got.reshape([5, 3, 64]).transpose(1, 2).sub(torch.tensor(want));
    expect(difference.abs().max().item()).toBeLessThan(2e-6);
  });
});

describe('jitter', () => {
  test('each image by its own operations in its own order equals one after the other', () => {
    torch.scope(() => {
      using g = torch.generator(4);
      const count = 24;
      const images = torch.rand([count, 3, 5, 7], { generator: g });
      const numbers = (low: number, high: number, by: number) =>
        range(count).map((at) => low + (((at * by) % 17) / 17) * (high - low));
      const parameters = {
        brightness: numbers(0.6, 1.4, 3),
        contrast: numbers(0.6, 1.4, 5),
        saturation: numbers(0.6, 1.4, 7),
        hue: numbers(-0.1, 0.1, 11),
      };
      const orders = permutations([0, 1, 2, 3]);
      const got = jitter(images, { ...parameters, order: orders.flat() });
      const want = range(count).map((at) => {
        let x = images.narrow(0, at, 1);
        for (const operation of orders[at] ?? []) {
          const name = jitterOperations[operation] ?? 'hue';
          const by = parameters[name][at] ?? 0;
          if (name === 'hue') x = turnHue(x, torch.tensor([by], [1, 1, 1, 1]));
          else {
            const y = name === 'brightness' ? 0 : name === 'contrast' ? greyOf(x).mean().item() : greyOf(x);
            x = (typeof y === 'number' ? x.mul(by).add(y * (1 - by)) : x.mul(by).add(y.mul(1 - by))).clamp(0, 1);
          }
        }
        return x;
      });
      expect(got.sub(torch.cat(want)).abs().max().item()).toBeLessThan(3e-6);
    });
  });

  test('grey pictures of one channel: brightness and contrast alone', () => {
    torch.scope(() => {
      const image = torch.tensor([0, 0.5, 1, 0.5], [1, 1, 2, 2]);
      const by = { brightness: [0.5], contrast: [0.5], saturation: [0.5], hue: [0.3] };
      const got = jitter(image, { ...by, order: [0, 2, 3, 1] });
      expect(got.flatten().toNumbers()).toEqual([0.125, 0.25, 0.375, 0.25]);
    });
  });
});

function permutations(values: readonly number[]): number[][] {
  if (values.length < 2) return [[...values]];
  return values.flatMap((first) =>
    permutations(values.filter((value) => value !== first)).map((rest) => [first, ...rest]),
  );
}
