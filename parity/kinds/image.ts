import * as torch from '@muster/torch';
import { decodeImage, normalise, resizeCrop } from '../../packages/muster/src/image/index.ts';
import type { Geometry, Size } from '../../packages/muster/src/image/index.ts';
import { CaseError } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';
import { augmentKinds } from './augment.ts';
import { filterOf, input, output } from './image-case.ts';

/** Kinds of pictures: decoding, resizing, normalising, and the transforms of training. */
export const imageKinds: Record<string, Kind> = {
  ...augmentKinds,

  'image.decode': async (c) => {
    const bytes = c.input('bytes').toTypedArray();
    if (!(bytes instanceof Uint8Array)) throw new CaseError(`${c.id}: bytes are no bytes`);
    const orient = c.optionalString('exif') === 'apply';
    const { width, height, rgb } = await decodeImage(bytes, c.label('bytes'), {
      alpha: 'drop',
      orient,
      profile: 'ignore',
    });
    return { rgb: torch.tensor(rgb, [height, width, 3]) };
  },

  'image.resize_crop': (c) => {
    const images = input(c);
    const y = torch.scope(() => resizeCrop(images, geometryOf(c)));
    return { y: output(c, y) };
  },

  'image.normalise': (c) => {
    const image = c.input('image').permute([2, 0, 1]).unsqueeze(0);
    return { y: normalise(image, { mean: c.numbers('mean'), std: c.numbers('std') }).squeeze(0) };
  },
};

function geometryOf(c: ParityCase): Geometry {
  const order = c.string('order');
  if (order !== 'resize-crop' && order !== 'crop-resize') throw new CaseError(`${c.id}: unknown order ${order}`);
  return { resize: sizeOf(c), crop: c.optionalNumber('crop') ?? null, order, filter: filterOf(c) };
}

function sizeOf(c: ParityCase): number | Size {
  if (typeof c.params['resize'] === 'number') return c.number('resize');
  const [height, width] = c.numbers('resize');
  if (height === undefined || width === undefined)
    throw new CaseError(`${c.id}: params.resize should be a number or [h, w]`);
  return [height, width];
}
