import { scope, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import sharp from 'sharp';

/** Least side of a shown picture, space between two, in pixels. */
const [leastSide, gap] = [72, 4];

/** A picture of pictures. */
export interface Sheet {
  readonly png: Uint8Array;
  /** Whether the views were stretched to 0..1. */
  readonly isStretched: boolean;
}

/**
 * A sheet: in each row an image and its views, enlarged by whole numbers so that every pixel is seen as it is.
 *
 * @param pixels uint8 [n, H, W, 1 or 3]
 * @param views float [n, c, h, w] each; numbers outside 0..1 are stretched to it, the same for all
 */
export async function drawSheet(pixels: Tensor, views: readonly Tensor[]): Promise<Sheet> {
  const { rgb, width, height, isStretched } = scope(() => {
    const { shown, isStretched: stretched } = stretch(views.map(threeChannels));
    const columns = [threeChannels(pixels.permute([0, 3, 1, 2]).to('float32').div(255)), ...shown];
    const side = Math.max(leastSide, ...columns.flatMap(({ shape }) => shape.slice(2)));
    const strips = columns.map((column) => strip(column, side)); // each (3, n (side + gap), side + gap)
    const sheet = torch.constantPadNd(torch.cat(strips, 2), [gap, 0, gap, 0], 1);
    const bytes = sheet.mul(255).round().clamp(0, 255).to('uint8').permute([1, 2, 0]).contiguous();
    const [tall = 0, wide = 0] = bytes.shape;
    return { rgb: bytes.toTypedArray() as Uint8Array, width: wide, height: tall, isStretched: stretched };
  });
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return { png, isStretched };
}

/** All in 0..1: as they are where they are so, else all by one line; half a thousandth beyond is rounding. */
function stretch(views: readonly Tensor[]): { shown: Tensor[]; isStretched: boolean } {
  const low = Math.min(...views.map((view) => view.min().item()));
  const high = Math.max(...views.map((view) => view.max().item()));
  if (low >= -5e-4 && high <= 1 + 5e-4) return { shown: [...views], isStretched: false };
  return { shown: views.map((view) => view.sub(low).div(Math.max(high - low, 1e-6))), isStretched: true };
}

/** Grey three times, colours as they are; of another number of channels (edges) the mean size. */
function threeChannels(images: Tensor): Tensor {
  const x = images.to('float32');
  const [count = 0, channels = 0, height = 0, width = 0] = x.shape;
  if (channels === 3) return x;
  return (channels === 1 ? x : x.abs().mean([1], true)).expand([count, 3, height, width]);
}

/** One column: every picture enlarged and laid in the middle of a white square with a gap below and to the right. */
function strip(images: Tensor, side: number): Tensor {
  const [count = 0, , height = 0, width = 0] = images.shape;
  const times = Math.max(1, Math.floor(side / Math.max(height, width)));
  const large = images.repeatInterleave(times, 2).repeatInterleave(times, 3);
  const [top, left] = [Math.floor((side - height * times) / 2), Math.floor((side - width * times) / 2)];
  const after = [side - left - width * times + gap, side - top - height * times + gap];
  const squares = torch.constantPadNd(large, [left, after[0] ?? 0, top, after[1] ?? 0], 1);
  return squares.permute([1, 0, 2, 3]).reshape([3, count * (side + gap), side + gap]);
}
