import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Filter } from '../image/index.ts';

/**
 * The resampling matrices of one axis: for each image, the windows of `lengths` pixels from `starts` on brought to `to`
 * pixels. Antialiased: the kernel is stretched by the scale when shrinking, cut at the window's border, normalised.
 *
 * @param starts float32 [n, 1, 1]
 * @param lengths float32 [n, 1, 1]
 * @param from length of the axis before
 * @returns float32 [n, to, from], rows sum to 1, the caller's
 * @source Pillow, Resample.c, precompute_coeffs; torch.nn.functional.interpolate with antialias
 */
export function axisWeights(starts: Tensor, lengths: Tensor, from: number, to: number, filter: Filter): Tensor {
  const device = starts.device;
  return torch.scope(() => {
    const pixels = torch.arange(from, { dtype: 'float32', device }).add_(0.5).sub(starts); // (n, 1, from), in the window
    const inside = pixels.gt(0).logicalAnd_(pixels.lt(lengths)).to('float32');
    const scale = lengths.div(to);
    const stretch = scale.clampMin(1);
    const centres = torch.arange(to, { dtype: 'float32', device }).add_(0.5).view([to, 1]).mul(scale); // (n, to, 1)
    const distances = pixels.div(stretch).sub(centres.div_(stretch)).abs_(); // (n, to, from)
    const weights = filter === 'bilinear' ? distances.neg_().add_(1).clampMin_(0) : cubic(distances);
    weights.mul_(inside);
    return weights.div_(weights.sum([2], true));
  });
}

/** The cubic with a = -0.5 of a distance, zero from 2 on. Overwrites the distances. */
function cubic(r: Tensor): Tensor {
  return torch.scope(() => {
    const a = -0.5;
    const near = r
      .mul(a + 2)
      .sub_(a + 3)
      .mul_(r)
      .mul_(r)
      .add_(1);
    const far = r
      .mul(a)
      .sub_(5 * a)
      .mul_(r)
      .add_(8 * a)
      .mul_(r)
      .sub_(4 * a); // 0 with slope 0 at 2
    const isNear = r.lt(1).to('float32');
    const isFar = r.lt(2).to('float32').sub_(isNear);
    return near.mul_(isNear).addcmul_(far, isFar);
  });
}
