import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import {
  Draws,
  gaussianBlurBy,
  greyOf,
  jitter,
  jitterOperations,
  normalise,
  padAndCut,
  resizedCrop,
  resizedCropBytes,
  rotateBy,
  solariseFrom,
  sobelEdges,
} from '../../packages/muster/src/augment/index.ts';
import type { Boxes, RotationFilter } from '../../packages/muster/src/augment/index.ts';
import { CaseError } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';
import { filterOf, input, isPil, output } from './image-case.ts';
import { gaussianBlurBytes } from './pillow/blur.ts';
import { enhanceBytes, greyBytes, turnHueBytes } from './pillow/colour.ts';

/** Kinds of transforms, their random choices given. `pil` means Pillow's 8-bit arithmetic (pillow/), `tensor` the product's. */
export const augmentKinds: Record<string, Kind> = {
  'image.resized_crop': (c) => {
    const crop = isPil(c) ? resizedCropBytes : resizedCrop;
    return answer(c, (x) => crop(x, boxOf(c), sizeOf(c), filterOf(c)));
  },

  'image.hflip': (c) => ({ y: c.input('image').flip([1]).contiguous() }),

  'image.color': (c) =>
    answer(c, (x) => {
      const ops = operationsOf(c);
      if (!isPil(c)) return colour(x, ops);
      const start = x.to('float64');
      const change = (image: Tensor, [name, by]: Operation) =>
        name === 'hue' ? turnHueBytes(image, by) : enhanceBytes(image, name, by);
      return ops.reduce(change, start).to('uint8');
    }),

  'image.greyscale': (c) =>
    answer(c, (x) => (isPil(c) ? greyBytes(x.to('float64')).to('uint8') : greyOf(x)).expand([1, 3, -1, -1])),

  'image.gaussian_blur': (c) =>
    answer(c, (x) =>
      isPil(c)
        ? gaussianBlurBytes(x.to('float64'), c.number('sigma')).to('uint8')
        : gaussianBlurBy(x, [c.number('sigma')], c.number('kernel')),
    ),

  'image.solarize': (c) =>
    answer(c, (x) => {
      if (!isPil(c)) return solariseFrom(x, c.number('threshold'));
      const threshold = c.number('threshold');
      return torch.where(x.ge(threshold), x.neg().add(255), x); // bytes count modulo 256
    }),

  'image.rotate': (c) =>
    answer(c, (x) => {
      const filter = c.string('filter');
      if (filter !== 'nearest' && filter !== 'bilinear') throw new CaseError(`${c.id}: unknown filter ${filter}`);
      const turn = (image: Tensor, by: RotationFilter = filter) => rotateBy(image, [c.number('angle')], by);
      if (!isPil(c)) return turn(x);
      // Pillow: black where the source point lies outside the image; inside, the edge pixels go on beyond the edge.
      const inner = turn(torch.replicationPad2d(x.to('float32'), [1, 1, 1, 1]));
      const same = inner.narrow(2, 1, x.shape[2] ?? 0).narrow(3, 1, x.shape[3] ?? 0);
      return same
        .mul(turn(torch.onesLike(same), 'nearest'))
        .round()
        .to('uint8');
    }),

  'image.sobel': (c) => {
    const grey = c.string('grey');
    if (grey !== 'mean' && grey !== 'luma') throw new CaseError(`${c.id}: unknown grey ${grey}`);
    return { y: sobelEdges(c.input('x'), grey) };
  },

  'image.pad_crop': (c) => {
    const [top = 0, left = 0] = c.numbers('at');
    const mode = c.string('mode');
    if (mode !== 'zero' && mode !== 'reflect') throw new CaseError(`${c.id}: unknown mode ${mode}`);
    const image = c.input('image').permute([2, 0, 1]).unsqueeze(0);
    const options = { padding: c.number('padding'), size: c.number('size'), mode } as const;
    return { y: padAndCut(image, options, [top], [left]).squeeze(0).permute([1, 2, 0]).contiguous() };
  },

  'image.pipeline': (c) => ({ y: torch.scope(() => pipeline(c).squeeze(0).contiguous()) }),
};

type Operation = readonly [name: string, by: number];

function answer(c: ParityCase, core: (image: Tensor) => Tensor): { y: Tensor } {
  return { y: torch.scope(() => output(c, core(input(c)))) };
}

function colour(image: Tensor, operations: readonly Operation[]): Tensor {
  let current = image;
  for (const [name, by] of operations) {
    const order = [jitterOperations.findIndex((known) => known === name)];
    if (order[0] === -1) throw new CaseError(`unknown colour operation ${name}`);
    current = jitter(current, { brightness: [by], contrast: [by], saturation: [by], hue: [by], order });
  }
  return current;
}

function pipeline(c: ParityCase): Tensor {
  const start = c.input('image').permute([2, 0, 1]).unsqueeze(0).to('float32').div(255);
  let x = resizedCrop(start, boxOf(c), sizeOf(c), 'bilinear');
  if (c.boolean('flip')) x = x.flip([3]);
  x = colour(x, operationsOf(c));
  if (c.boolean('grey')) x = greyOf(x).expand(x.shape);
  const blur = c.optional('blur') === undefined ? undefined : c.numbers('blur');
  if (blur !== undefined) x = gaussianBlurBy(x, [blur[1] ?? 0], blur[0] ?? 0);
  const threshold = c.optionalNumber('solarize');
  if (threshold !== undefined) x = solariseFrom(x, threshold);
  const [mean, sd] = c.optional('normalise') as [number[], number[]];
  return normalise({ mean, sd })(x, new Draws({ seed: 0, epoch: 0, view: 0, rows: [0] }));
}

function boxOf(c: ParityCase): Boxes {
  const [top = 0, left = 0, height = 0, width = 0] = c.numbers('box');
  return { top: [top], left: [left], height: [height], width: [width] };
}

function sizeOf(c: ParityCase): readonly [number, number] {
  const [height = 0, width = 0] = c.numbers('size');
  return [height, width];
}

function operationsOf(c: ParityCase): Operation[] {
  const list = c.optional('ops');
  if (!Array.isArray(list)) throw new CaseError(`${c.id}: params.ops should be a list`);
  return list.map((entry: unknown) => {
    const [name, by] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof name === 'string' && typeof by === 'number') return [name, by];
    throw new CaseError(`${c.id}: params.ops should hold pairs of a name and a number`);
  });
}
