import { expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { liveTensors } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import {
  boxBlur,
  centreCropResize,
  colourJitter,
  compose,
  cutout,
  Draws,
  gaussianBlur,
  greyscale,
  horizontalFlip,
  normalise,
  padCrop,
  randAugment,
  randomCrop,
  randomResizedCrop,
  rotate,
  sobel,
  solarise,
  toUnit,
} from './index.ts';
import type { Transform } from './index.ts';

const jitter = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
/** Every transform, with how far bfloat16 may be from float32 in the mean. */
const transforms: Record<string, readonly [Transform, number]> = {
  'resized crop': [randomResizedCrop({ size: 16, scale: [0.1, 1] }), 2e-3],
  'resized crop, bicubic': [randomResizedCrop({ size: 16, scale: [0.1, 1], filter: 'bicubic' }), 2e-3],
  'crop of sizes': [randomCrop({ sizes: [12, 16, 20], output: 16 }), 2e-3],
  'crop as it is': [randomCrop({ sizes: [12], output: 12 }), 2e-3],
  'centre crop': [centreCropResize({ crop: 12, output: 16 }), 2e-3],
  'pad and crop': [padCrop({ padding: 3, size: 20, mode: 'reflect' }), 2e-3],
  flip: [horizontalFlip({ p: 0.5 }), 2e-3],
  jitter: [colourJitter(jitter), 4e-3],
  'jitter of some': [colourJitter({ ...jitter, p: 0.5 }), 4e-3],
  grey: [greyscale({ p: 0.5 }), 2e-3],
  blur: [gaussianBlur({ kernel: 5, sigma: [0.1, 2], p: 0.5 }), 2e-3],
  'box blur': [boxBlur({ sigma: [0.1, 2], p: 0.5 }), 2e-3],
  solarise: [solarise({ threshold: 0.5, p: 0.5 }), 4e-3],
  rotation: [rotate({ degrees: 25, filter: 'nearest' }), 2e-3],
  'smooth rotation': [rotate({ degrees: 25, filter: 'bilinear' }), 2e-3],
  sobel: [sobel({ grey: 'mean' }), 2e-2],
  normalise: [normalise({ mean: [0.5, 0.5, 0.5], sd: [0.25, 0.25, 0.25] }), 2e-2],
  'random list': [randAugment({ operations: 4 }), 3e-2],
  cutout: [cutout({ edge: [1, 16] }), 2e-3],
  pipeline: [
    compose(
      randomResizedCrop({ size: 16, scale: [0.2, 1] }),
      horizontalFlip({ p: 0.5 }),
      colourJitter({ ...jitter, p: 0.8 }),
      greyscale({ p: 0.2 }),
    ),
    4e-3,
  ],
};

const COUNT = 24;
const rows = Int32Array.from({ length: COUNT }, (_, at) => 3 * at);
const draws = () => new Draws({ seed: 1, epoch: 0, view: 0, rows });

/** Smooth pictures, [n, 24, 22, 3]. */
function pixels(): Tensor {
  return torch.scope(() => {
    const [y, x] = [
      torch.arange(24, { dtype: 'float32' }).view([24, 1, 1]),
      torch.arange(22, { dtype: 'float32' }).view([22, 1]),
    ];
    const colour = torch.arange(3, { dtype: 'float32' });
    const image = torch.arange(COUNT, { dtype: 'float32' }).view([COUNT, 1, 1, 1]);
    const wave = y
      .mul(0.4)
      .add(image)
      .sin()
      .mul(x.mul(0.3).sub(image.mul(2)).add(colour).cos());
    return wave.add(1).mul(127).round().to('uint8');
  });
}

const closeness = (a: Tensor, b: Tensor) => a.to('float32').sub(b.to('float32')).abs();

test.each(Object.entries(transforms))('%s: an image’s view is its own in any batch', (_, [transform]) => {
  torch.scope(() => {
    const images = toUnit(pixels());
    const whole = transform(images, draws());
    const some = [5, 2, 23];
    const index = torch.tensor(BigInt64Array.from(some, BigInt));
    const part = transform(images.indexSelect(0, index), draws().part(some));
    expect(closeness(part, whole.indexSelect(0, index)).max().item()).toBeLessThan(2e-6);
  });
});

test.each(Object.entries(transforms))(
  '%s: bfloat16 is close, images stay as they were, nothing is left',
  (_, [transform, limit]) => {
    const before = liveTensors();
    torch.scope(() => {
      const images = toUnit(pixels());
      const kept = images.clone();
      const full = transform(images, draws());
      expect(images.equal(kept)).toBe(true);
      expect(full.isfinite().all().item()).toBe(1);
      const half = transform(images.to('bfloat16'), draws());
      expect(half.dtype).toBe('bfloat16');
      expect(half.shape).toEqual(full.shape);
      expect(closeness(half, full).mean().item()).toBeLessThan(limit);
      const alone = liveTensors();
      transform(images, draws()).dispose();
      expect(liveTensors()).toBe(alone);
      expect(images.disposed).toBe(false);
    });
    expect(liveTensors()).toBe(before);
  },
);

test('no images at all', () => {
  torch.scope(() => {
    const none = toUnit(pixels().narrow(0, 0, 0));
    for (const [transform] of Object.values(transforms)) expect(transform(none, draws().part([])).shape[0]).toBe(0);
  });
});

test('a pipeline keeps the memory order, takes bytes, and gives the same in parts', () => {
  torch.scope(() => {
    const bytes = pixels();
    const [pipeline] = transforms['pipeline'] ?? [];
    if (pipeline === undefined) throw new Error('no pipeline');
    const one = pipeline(toUnit(bytes), draws());
    expect(one.isContiguous('channelsLast')).toBe(true);
    expect(pipeline(toUnit(bytes).contiguous(), draws()).isContiguous()).toBe(true);
    const other = pipeline(bytes.permute([0, 3, 1, 2]), draws());
    expect(other.isContiguous('channelsLast')).toBe(true);
    expect(closeness(one, other).max().item()).toBeLessThan(1e-6);
    // 24 of these do not fit into one part.
    const large = bytes.repeatInterleave(6, 1).repeatInterleave(6, 2).permute([0, 3, 1, 2]).to('float32').div(255);
    const inParts = compose(horizontalFlip({ p: 0.5 }), greyscale({ p: 0.5 }))(large, draws());
    const atOnce = greyscale({ p: 0.5 })(horizontalFlip({ p: 0.5 })(large, draws()), draws());
    expect(closeness(inParts, atOnce).max().item()).toBe(0);
  });
});

test('toUnit shares no copy of the order and refuses what are no bytes', () => {
  torch.scope(() => {
    const bytes = torch.tensor(Uint8Array.of(0, 255, 51, 102, 153, 204), [1, 1, 2, 3]);
    const unit = toUnit(bytes);
    expect(unit.toNested()).toEqual([
      [[[0, Math.fround(0.4)]], [[1, Math.fround(0.6)]], [[Math.fround(0.2), Math.fround(0.8)]]],
    ]);
    expect(unit.strides).toEqual([6, 1, 6, 3]);
    expect(() => toUnit(unit)).toThrow(/uint8/);
  });
});
