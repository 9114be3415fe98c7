import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Draws } from './draws.ts';
import type { Transform } from './transform.ts';

/** Numbers that are worked on at once on a CPU: so many stay in its cache from one operation to the next. */
const CHUNK = 2 ** 19;

/**
 * Transforms one after the other, as one. Takes float32, bfloat16 or uint8 images [n, c, h, w] (uint8 as 0..255, result
 * float32) and keeps their memory order: channels-last in, channels-last out. All steps compute in float32. On a CPU
 * large batches are worked on in parts that fit its cache.
 */
export function compose(...transforms: readonly Transform[]): Transform {
  const run = (images: Tensor, draws: Draws): Tensor => {
    const [count = 0, ...picture] = images.shape;
    const numbers = picture.reduce((product, side) => product * side, 1);
    const size = images.device === 'cpu' ? Math.max(1, Math.floor(CHUNK / numbers)) : count;
    if (count <= size) return runOnce(transforms, images, draws);
    return torch.scope(() => {
      let whole: Tensor | null = null;
      for (let from = 0; from < count; from += size) {
        const places = Int32Array.from({ length: Math.min(size, count - from) }, (_, at) => from + at);
        torch.scope(() => {
          const part = runOnce(transforms, images.narrow(0, from, places.length), draws.part(places));
          whole ??= emptyLike(part, count);
          whole.narrow(0, from, places.length).copy_(part);
          return whole;
        });
      }
      return whole ?? images.clone();
    });
  };
  return Object.assign(run, { takesBytes: true });
}

function runOnce(transforms: readonly Transform[], images: Tensor, draws: Draws): Tensor {
  return torch.scope(() => {
    const bytes = images.dtype === 'uint8';
    let current = bytes && transforms[0]?.takesBytes === true ? images : planes(images);
    for (const transform of transforms) {
      const next = transform(current, draws);
      if (current !== images) current.dispose();
      current = next;
    }
    const result = bytes ? current : current.to(images.dtype);
    const inOrder = isChannelsLast(images) ? result.contiguous({ memoryFormat: 'channelsLast' }) : result;
    return inOrder === images ? images.view(images.shape) : inOrder;
  });
}

function planes(images: Tensor): Tensor {
  if (images.dtype !== 'uint8') return images.to('float32').contiguous();
  return images.contiguous().to('float32').div_(255);
}

function isChannelsLast(images: Tensor): boolean {
  return !images.isContiguous('contiguous') && images.isContiguous('channelsLast');
}

function emptyLike(part: Tensor, count: number): Tensor {
  const memoryFormat = isChannelsLast(part) ? 'channelsLast' : 'contiguous';
  return torch.empty([count, ...part.shape.slice(1)], { dtype: part.dtype, device: part.device, memoryFormat });
}
