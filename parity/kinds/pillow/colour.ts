import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** Pillow's colour changes in its own 8-bit arithmetic, on float64 tensors [n, 3, h, w] of whole numbers 0..255. */

/** Pillow's L: [n, 1, h, w]. */
export function greyBytes(images: Tensor): Tensor {
  const [red, green, blue] = channels(images);
  return red.mul(19595).add(green.mul(38470)).add(blue.mul(7471)).add(32768).div(65536).floor();
}

/** One of brightness, contrast, saturation: blended in float, cut to whole numbers, clamped. @source Blend.c */
export function enhanceBytes(images: Tensor, name: string, factor: number): Tensor {
  const towards = degenerate(images, name);
  return images.sub(towards).mul(factor).add(towards).clamp(0, 255).floor();
}

function degenerate(images: Tensor, name: string): Tensor {
  if (name === 'brightness') return torch.zerosLike(images);
  const grey = greyBytes(images);
  if (name === 'saturation') return grey;
  if (name === 'contrast') return grey.mean([1, 2, 3], true).add(0.5).floor();
  throw new Error(`no colour operation ${name}`);
}

/** Hue by trunc(255 shift) of 256 steps, through 8-bit HSV. */
export function turnHueBytes(images: Tensor, shift: number): Tensor {
  const { hue, saturation, value } = toHsv(images);
  const turned = hue.add(Math.trunc(shift * 255) + 256).remainder(256);
  return fromHsv(turned, saturation, value);
}

interface Hsv {
  readonly hue: Tensor;
  readonly saturation: Tensor;
  readonly value: Tensor;
}

/** @source Pillow, Convert.c, rgb2hsv */
function toHsv(images: Tensor): Hsv {
  const [red, green, blue] = channels(images);
  const value = images.amax([1], true);
  const range = value.sub(images.amin([1], true));
  const flat = range.eq(0);
  const [r, g, b] = [red, green, blue].map((colour) => value.sub(colour).div(range.clampMin(1)));
  if (!r || !g || !b) throw new Error('unreachable: three channels');
  const sixths = torch.where(red.eq(value), b.sub(g), torch.where(green.eq(value), r.sub(b).add(2), g.sub(r).add(4)));
  const hue = sixths.div(6).add(1).fmod(1).mul(255).floor();
  const saturation = range.div(value.clampMin(1)).mul(255).floor();
  return { hue: hue.maskedFill(flat, 0), saturation: saturation.maskedFill(flat, 0), value };
}

/** @source Pillow, Convert.c, hsv2rgb */
function fromHsv(hue: Tensor, saturation: Tensor, value: Tensor): Tensor {
  const sixths = hue.mul(6).div(255);
  const sector = sixths.floor();
  const share = sixths.sub(sector);
  const s = saturation.div(255);
  const level = (less: Tensor) => value.mul(less.neg().add(1)).add(0.5).floor().clamp(0, 255);
  const [p, q, t] = [level(s), level(s.mul(share)), level(s.mul(share.neg().add(1)))];
  const orders = [
    [value, t, p],
    [q, value, p],
    [p, value, t],
    [p, q, value],
    [t, p, value],
    [value, p, q],
  ];
  const six = sector.remainder(6);
  return orders
    .map((colours, at) => torch.cat(colours, 1).mul(six.eq(at).to('float64')))
    .reduce((sum, part) => sum.add(part));
}

function channels(images: Tensor): [Tensor, Tensor, Tensor] {
  return [images.narrow(1, 0, 1), images.narrow(1, 1, 1), images.narrow(1, 2, 1)];
}
