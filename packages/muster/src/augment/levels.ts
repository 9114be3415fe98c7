import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** Grey levels of 8 bits. */
const LEVELS = 256;

/**
 * Stretches each channel of each image so that its darkest value is 0 and its brightest 1; a channel of one value stays.
 *
 * @param images float32 [n, c, h, w]
 * @source Pillow, ImageOps.autocontrast without a cutoff
 */
export function autocontrast(images: Tensor): Tensor {
  return torch.scope(() => {
    const low = images.amin([2, 3], true);
    const range = images.amax([2, 3], true).sub_(low);
    const flat = range.clone().eq_(0);
    return images.sub(low.mul_(flat.neg().add_(1))).div_(range.add_(flat)); // flat: (x - 0) / 1
  });
}

/**
 * Spreads each channel's histogram of 8-bit levels evenly.
 *
 * @param images float32 [n, c, h, w]; levels are rounded first
 * @source Pillow, ImageOps.equalize: a step of floor((pixels - those of the last level in use) / 255), tables cut to whole
 * numbers; a channel whose step is 0 stays
 */
export function equalise(images: Tensor): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  return torch.scope(() => {
    const levels = levelsOf(images)
      .view([count * channels, height * width])
      .to('int64');
    const like = { dtype: 'float32', device: images.device } as const;
    const counts = torch.zeros([count * channels, LEVELS], like);
    counts.scatterAdd_(1, levels, torch.ones([1, 1], like).expand(levels.shape));
    const last = counts.gather(1, levels.amax([1], true)); // (nc, 1)
    const step = last
      .neg()
      .add_(height * width)
      .div_(LEVELS - 1)
      .floor_();
    const before = counts.cumsum(1).sub_(counts);
    const some = step.clamp(0, 1); // 0 where the channel stays
    const table = before
      .add_(step.div(2).floor_())
      .div_(step.clampMin(1))
      .floor_()
      .clampMax_(LEVELS - 1);
    const same = torch.arange(LEVELS, like);
    return same
      .add(table.sub_(same).mul_(some))
      .gather(1, levels)
      .div_(LEVELS - 1)
      .view(images.shape);
  });
}

/**
 * Keeps the upper bits of each value's 8.
 *
 * @param images float32 [n, c, h, w]
 * @param bits how many are kept, for each image
 */
export function posterise(images: Tensor, bits: Tensor): Tensor {
  return torch.scope(() => {
    const steps = bits.neg().add_(8).exp2_();
    return levelsOf(images)
      .div_(steps)
      .floor_()
      .mul_(steps)
      .div_(LEVELS - 1);
  });
}

/**
 * f x + (1 - f) smooth, clamped, where smooth is a 3 x 3 mean with the centre counted five times; the outermost pixels stay.
 *
 * @param images float32 [n, c, h, w]
 * @param factors float32 [n, 1, 1, 1]
 * @source Pillow, ImageEnhance.Sharpness and ImageFilter.SMOOTH
 */
export function sharpen(images: Tensor, factors: Tensor): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  if (height < 3 || width < 3) return images.clone();
  return torch.scope(() => {
    const weights = torch.tensor(SMOOTH, [1, 1, 3, 3]).to({ device: images.device });
    const planes = images.reshape([count * channels, 1, height, width]);
    const smooth = torch.conv2d(planes, weights).view([count, channels, height - 2, width - 2]);
    const own = images.clone();
    const inner = own.narrow(2, 1, height - 2).narrow(3, 1, width - 2);
    inner
      .mul_(factors)
      .add_(smooth.mul_(factors.neg().add_(1)))
      .clamp_(0, 1);
    return own;
  });
}

const SMOOTH = Float32Array.of(1, 1, 1, 1, 5, 1, 1, 1, 1).map((weight) => weight / 13);

/** Whole numbers 0..255, in float. */
function levelsOf(images: Tensor): Tensor {
  return images
    .mul(LEVELS - 1)
    .round_()
    .clamp_(0, LEVELS - 1);
}
