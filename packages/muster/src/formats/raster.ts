import { MusterError, withLimits } from '../base/index.ts';
import type { FileCode, Limits } from '../base/index.ts';

/** Decoded pixels: row by row from the top left, three bytes each. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/**
 * Refuses sizes that are not positive or beyond the limits, before anything is allocated.
 *
 * @throws MusterError `DECODE`, `TOO_LARGE`
 */
export function checkSize(width: number, height: number, name: string, changes: Partial<Limits> = {}): void {
  const { pixels, side } = withLimits(changes);
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1) {
    throw rasterError('DECODE', `its header gives the size ${width} x ${height}`, name);
  }
  if (width > side || height > side || width * height > pixels) {
    const most = width * height > pixels ? `${pixels / 1e6} million pixels` : `${side} pixels a side`;
    throw rasterError('TOO_LARGE', `is ${width} x ${height}, more than ${most}`, name);
  }
}

/** The error of a picture that cannot be read. */
export function rasterError(code: FileCode, what: string, name: string, fix?: string): MusterError {
  return new MusterError(code, what, fix === undefined ? { where: name } : { where: name, fix });
}
