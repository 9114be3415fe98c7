import type { Device, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Draws } from './draws.ts';

/**
 * A random transform: images float32 or bfloat16 [n, c, h, w] in 0..1 to [n, c', h', w'] of the same dtype and device, the
 * caller's. What happens to an image depends on its own draws alone. `images` is not changed; where nothing is to be done
 * the result shares its memory. Planes in a row (contiguous) are fastest, and are what comes out; {@link compose} keeps
 * the memory order of what it is given.
 */
export interface Transform {
  (images: Tensor, draws: Draws): Tensor;
  /** Whether uint8 images are taken too, and worked on in 8 bits. */
  readonly takesBytes?: boolean;
}

/**
 * Runs `core` on contiguous float32 planes and brings its result back to the images' dtype: several operations in a row
 * on bfloat16 would each round to 8 bits.
 */
export function onPlanes(images: Tensor, core: (planes: Tensor) => Tensor): Tensor {
  return torch.scope(() => {
    const planes = images.dtype === 'float32' ? images : images.to('float32');
    return own(core(planes.contiguous()).to(images.dtype), images);
  });
}

/** Runs `core` on the chosen images only, the others stay as they are. `core` keeps the shape. */
export function onChosen(
  images: Tensor,
  chosen: ArrayLike<number | boolean>,
  core: (some: Tensor, places: Int32Array) => Tensor,
): Tensor {
  const places = placesOf(chosen);
  if (places.length === 0) return images.view(images.shape);
  if (places.length === chosen.length) return own(core(images, places), images);
  return torch.scope(() => {
    const index = indexTensor(places, images.device);
    return images.clone().indexCopy_(0, index, core(images.indexSelect(0, index), places).to(images.dtype));
  });
}

/** Places of the values that are not 0. */
export function placesOf(chosen: ArrayLike<number | boolean>): Int32Array {
  const places: number[] = [];
  for (let place = 0; place < chosen.length; place++) if (Boolean(chosen[place])) places.push(place);
  return Int32Array.from(places);
}

/** Places in a batch as an int64 tensor. */
export function indexTensor(places: Int32Array, device: Device): Tensor {
  return torch.scope(() => torch.tensor(BigInt64Array.from(places, BigInt)).to({ device }));
}

/** Lists of one number for each image as float32 [lists, n, 1, 1, 1], brought to the device at once. */
export function perImage(lists: readonly ArrayLike<number>[], device: Device): Tensor {
  const count = lists[0]?.length ?? 0;
  const values = new Float32Array(lists.length * count);
  lists.forEach((list, at) => values.set(list, at * count));
  return torch.scope(() => torch.tensor(values, [lists.length, count, 1, 1, 1]).to({ device }));
}

/** As {@link perImage}, one tensor [n, 1, 1, 1] for each list. */
export function scalars<const Lists extends readonly ArrayLike<number>[]>(
  lists: Lists,
  device: Device,
): { [List in keyof Lists]: Tensor } {
  return torch.scope(() => perImage(lists, device).unbind(0)) as { [List in keyof Lists]: Tensor }; // one for each
}

/** The numbers at these places. */
export function take(values: ArrayLike<number>, places: Int32Array): Float64Array {
  return Float64Array.from(places, (place) => values[place] ?? 0);
}

/** A tensor of its own, so that freeing the result does not free the images. */
function own(result: Tensor, images: Tensor): Tensor {
  return result === images ? images.view(images.shape) : result;
}
