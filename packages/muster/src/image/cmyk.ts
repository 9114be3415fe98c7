import * as torch from '@muster/torch';

/**
 * Inks to RGB by R = round((255 - C)(255 - K) / 255), and so on.
 *
 * @param inks [pixels, channels] bytes, the first four cyan, magenta, yellow, black (0 = none)
 * @returns [pixels, 3] bytes
 */
export function cmykToRgb(inks: Uint8Array, channels: number): Uint8Array {
  return torch.scope(() => {
    const paper = torch
      .tensor(inks, [inks.length / channels, channels])
      .to('float32')
      .mul(-1)
      .add(255);
    const rgb = paper
      .narrow(1, 0, 3)
      .mul(paper.narrow(1, 3, 1))
      .div(255)
      .round(); // (pixels, 3)
    return rgb.to('uint8').toTypedArray() as Uint8Array;
  });
}
