import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Made images and what they show, for tests. */
export interface MadeImages {
  /** uint8 [n, side, side, 3] */
  readonly pixels: Tensor;
  readonly classes: Int32Array;
}

/** Kinds of pattern: stripes across, stripes down, a chequerboard. */
export const MADE_CLASSES = 3;
/** Side of the images in pixels, and width of a stripe. */
const [SIDE, STRIPE] = [20, 3] as const;

/**
 * Patterns that differ in their arrangement alone: all have as much of light and dark, a shift and colours of their own, some noise,
 * and are lighter towards the top, so that a turn can be told.
 *
 * @param isShuffled the pixels of every image in an order of its own: nothing is left to learn
 */
export function makeImages(n: number, seed: number, isShuffled = false): MadeImages {
  using random = generator(seed);
  const draw = { generator: random, dtype: 'float32' } as const;
  const classes = Int32Array.from({ length: n }, (_, image) => image % MADE_CLASSES);
  const pixels = scope(() => {
    const column = (values: Tensor): Tensor => values.view([n, 1, 1]);
    const along = torch.arange(SIDE, { dtype: 'float32' });
    const wave = (): Tensor =>
      column(
        torch
          .rand([n], draw)
          .mul(2 * STRIPE)
          .floor(),
      );
    const parity = (axis: Tensor): Tensor => axis.add(wave()).div(STRIPE).floor().remainder(2);
    const rows = parity(along.view([1, SIDE, 1])).expand([n, SIDE, SIDE]);
    const columns = parity(along.view([1, 1, SIDE])).expand([n, SIDE, SIDE]);
    const kind = column(torch.tensor(classes));
    const chequers = rows.add(columns).remainder(2);
    const pattern = torch.where(kind.eq(0), rows, torch.where(kind.eq(1), columns, chequers));
    const lightness = along
      .neg()
      .add(SIDE - 1)
      .div(SIDE)
      .view([1, SIDE, 1]); // (1, SIDE, 1), falling downwards
    const grey = pattern.sub(0.5).mul(0.4).add(lightness.mul(0.4)).add(0.3).unsqueeze(3);
    const colours = torch.rand([n, 1, 1, 3], draw).mul(0.2).add(0.8);
    const noise = torch.randn([n, SIDE, SIDE, 3], draw).mul(0.03);
    const images = grey.mul(colours).add(noise).clamp(0, 1).mul(255).to('uint8');
    return isShuffled ? shuffled(images, torch.rand([n, SIDE * SIDE], draw).argsort(1)) : images;
  });
  return { pixels, classes };
}

function shuffled(images: Tensor, orders: Tensor): Tensor {
  const [n = 0, height = 0, width = 0, channels = 0] = images.shape;
  const rows = images.view([n, height * width, channels]);
  return rows.gather(1, orders.unsqueeze(2).expand(rows.shape)).view(images.shape);
}
