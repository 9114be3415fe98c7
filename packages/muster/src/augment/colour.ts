import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** Shares of red, green and blue in a grey value, as torchvision's tensors have them. */
export const LUMA = [0.2989, 0.587, 0.114] as const;

/**
 * Weighted sum of the three colours.
 *
 * @param images float [n, 3, h, w]
 * @returns [n, 1, h, w], the caller's
 */
export function greyOf(images: Tensor, [red, green, blue]: readonly [number, number, number] = LUMA): Tensor {
  return torch.scope(() => {
    const plane = (channel: number) => images.narrow(1, channel, 1);
    return plane(0).mul(red).add_(plane(1), { alpha: green }).add_(plane(2), { alpha: blue });
  });
}

/**
 * Turns the hue by a share of the colour circle; value and saturation (HSV) stay.
 *
 * In place of the usual six sectors: with V the largest and C the range of the three colours and h = 6 hue, channel c is
 * V - C clamp(2 - |k - 2|, 0, 1), k = (h + n_c) mod 6, n = 5, 3, 1.
 *
 * @param images float32 [n, 3, h, w]
 * @param shifts float32 [n, 1, 1, 1], of the circle
 * @returns [n, 3, h, w], the caller's
 */
export function turnHue(images: Tensor, shifts: Tensor): Tensor {
  return torch.scope(() => {
    const [red, green, blue] = [images.narrow(1, 0, 1), images.narrow(1, 1, 1), images.narrow(1, 2, 1)];
    const largest = red.maximum(green).maximum(blue);
    const range = largest.sub(red.minimum(green).minimum(blue));
    // The first of several equal colours counts as the largest. eq_ leaves ones and zeros in float.
    const isRed = red.clone().eq_(largest);
    const isGreen = green.clone().eq_(largest).mul_(isRed.neg().add_(1));
    const isBlue = isRed.add(isGreen).neg_().add_(1);
    const sixths = green.sub(blue).mul_(isRed);
    sixths.addcmul_(blue.sub(red).add_(range, { alpha: 2 }), isGreen);
    sixths.addcmul_(red.sub(green).add_(range, { alpha: 4 }), isBlue).div_(range.clampMin(SMALLEST)); // 6 hue, -1..5
    const starts = torch.tensor(Float32Array.of(5, 3, 1), [3, 1, 1]).to({ device: images.device });
    const k = sixths.add(shifts.mul(6).add(starts)); // (n, 3, h, w)
    k.sub_(k.div(6).floor_(), { alpha: 6 });
    const weights = k.sub_(2).abs_().neg_().add_(2).clamp_(0, 1);
    return torch.addcmul(largest, range, weights, { value: -1 });
  });
}

/** Below half a step of 8 bits by far; a range of 0 has hue 0. */
const SMALLEST = 1e-12;
