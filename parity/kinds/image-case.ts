import type { Tensor } from '@muster/torch';
import { filters } from '../../packages/muster/src/image/index.ts';
import type { Filter } from '../../packages/muster/src/image/index.ts';
import { CaseError } from '../case.ts';
import type { ParityCase } from '../case.ts';

/** What the kinds of pictures share: [h, w, 3] bytes as [1, 3, h, w], in float 0..1 for the tensor engine. */
export function input(c: ParityCase): Tensor {
  const image = c.input('image').permute([2, 0, 1]).unsqueeze(0);
  return isPil(c) ? image : image.to('float32').div(255);
}

/** A result of one image as the pack stores it. */
export function output(c: ParityCase, y: Tensor): Tensor {
  const image = y.squeeze(0);
  return isPil(c) ? image.permute([1, 2, 0]).contiguous() : image.contiguous();
}

/** Whether the case follows Pillow's 8-bit arithmetic. */
export function isPil(c: ParityCase): boolean {
  const engine = c.string('engine');
  if (engine !== 'pil' && engine !== 'tensor') throw new CaseError(`${c.id}: unknown engine ${engine}`);
  return engine === 'pil';
}

/** The case's resampling filter. */
export function filterOf(c: ParityCase): Filter {
  const name = c.string('filter');
  const filter = filters.find((known) => known === name);
  if (filter === undefined) throw new CaseError(`${c.id}: unknown filter ${name}`);
  return filter;
}
