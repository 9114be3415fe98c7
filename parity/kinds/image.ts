import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { decodeImage, filters, normalise, resizeCrop } from '../../packages/muster/src/image/index.ts';
import type { Filter, Geometry, Size } from '../../packages/muster/src/image/index.ts';
import { CaseError } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';

/** Kinds of pictures: decoding, resizing, normalising. */
export const imageKinds: Record<string, Kind> = {
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

/** [h, w, 3] bytes as [1, 3, h, w], in float 0..1 for the tensor engine. */
function input(c: ParityCase): Tensor {
  const image = c.input('image').permute([2, 0, 1]).unsqueeze(0);
  return isPil(c) ? image : image.to('float32').div(255);
}

function output(c: ParityCase, y: Tensor): Tensor {
  const image = y.squeeze(0);
  return isPil(c) ? image.permute([1, 2, 0]).contiguous() : image.contiguous();
}

function isPil(c: ParityCase): boolean {
  const engine = c.string('engine');
  if (engine !== 'pil' && engine !== 'tensor') throw new CaseError(`${c.id}: unknown engine ${engine}`);
  return engine === 'pil';
}

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

function filterOf(c: ParityCase): Filter {
  const name = c.string('filter');
  const filter = filters.find((known) => known === name);
  if (filter === undefined) throw new CaseError(`${c.id}: unknown filter ${name}`);
  return filter;
}
