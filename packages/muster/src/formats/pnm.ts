import type { Limits } from '../base/index.ts';
import { checkSize, rasterError } from './raster.ts';
import type { Raster } from './raster.ts';

interface PnmHeader {
  kind: number;
  width: number;
  height: number;
  /** Largest sample; 1 for bitmaps. */
  largest: number;
  pixelsAt: number;
}

const isBlank = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);

/** Whether bytes begin like a portable bitmap, greymap or pixmap (P1 to P6). */
export function isPnm(bytes: Uint8Array): boolean {
  const kind = bytes[1] ?? 0;
  return bytes[0] === 0x50 && kind >= 0x31 && kind <= 0x36 && (isBlank(bytes[2]) || bytes[2] === 0x23);
}

/**
 * Decodes the first picture of a PBM, PGM or PPM file, text or binary. Samples are scaled to 0..255; of 16-bit samples
 * the high byte is kept.
 *
 * @param name what to call it in errors
 * @throws MusterError `NOT_IMAGE`, `TRUNCATED`, `TOO_LARGE`, `DECODE`
 */
export function decodePnm(bytes: Uint8Array, name: string, limits: Partial<Limits> = {}): Raster {
  const header = readPnmHeader(bytes, name, limits);
  const { kind, width, height } = header;
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const samples = width * channels * height;
  const stored = kind === 4 ? Math.ceil(width / 8) * height : samples * (kind > 3 && header.largest > 255 ? 2 : 1);
  if (kind > 3 ? header.pixelsAt + stored > bytes.length : bytes.length - header.pixelsAt < samples) {
    throw rasterError(
      'TRUNCATED',
      `needs ${stored} bytes of pixels and has ${Math.max(bytes.length - header.pixelsAt, 0)}`,
      name,
    );
  }
  const values =
    kind === 4
      ? unpackBits(bytes, header)
      : kind > 3
        ? readBinary(bytes, header, samples)
        : readText(bytes, header, samples, name);
  return { width, height, rgb: channels === 3 ? values : repeatGrey(values) };
}

/**
 * A binary PGM (one channel) or PPM (three) of pixels: the least that can be put around them.
 *
 * @param pixels uint8 [height, width, channels]
 */
export function encodePnm(pixels: Uint8Array, width: number, height: number, channels: 1 | 3): Uint8Array {
  const header = Buffer.from(`P${channels === 1 ? 5 : 6} ${width} ${height} 255\n`, 'latin1');
  const bytes = new Uint8Array(header.length + pixels.length);
  bytes.set(header);
  bytes.set(pixels, header.length);
  return bytes;
}

/** Width and height of a PBM, PGM or PPM file, checked against the limits. */
export function pnmSize(
  bytes: Uint8Array,
  name: string,
  limits: Partial<Limits> = {},
): { width: number; height: number } {
  const { width, height } = readPnmHeader(bytes, name, limits);
  return { width, height };
}

function readPnmHeader(bytes: Uint8Array, name: string, limits: Partial<Limits>): PnmHeader {
  if (!isPnm(bytes)) throw rasterError('NOT_IMAGE', 'is no portable pixmap', name);
  const kind = (bytes[1] ?? 0) - 0x30;
  let at = 2;
  const next = (): number => {
    const [value, end] = readToken(bytes, at, name);
    at = end;
    return value;
  };
  const width = next();
  const height = next();
  const bitmap = kind === 1 || kind === 4;
  const largest = bitmap ? 1 : next();
  if (largest < 1 || largest > 65_535) throw rasterError('DECODE', `its largest value is said to be ${largest}`, name);
  checkSize(width, height, name, limits);
  return { kind, width, height, largest, pixelsAt: at + 1 };
}

function readToken(bytes: Uint8Array, from: number, name: string): [number, number] {
  let at = from;
  for (;;) {
    if (isBlank(bytes[at])) at++;
    else if (bytes[at] === 0x23) {
      const end = bytes.indexOf(0x0a, at);
      at = end < 0 ? bytes.length : end + 1;
    } else break;
  }
  let value = 0;
  const start = at;
  for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at)) {
    value = value * 10 + digit;
    if (at - start > 9) throw rasterError('DECODE', 'has a number that is too long in it', name);
  }
  if (at >= bytes.length && at === start) throw rasterError('TRUNCATED', 'ends before its picture does', name);
  if (at === start || !(isBlank(bytes[at]) || bytes[at] === 0x23 || at === bytes.length)) {
    throw rasterError('DECODE', `has no number at byte ${start}`, name);
  }
  return [value, at];
}

function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  return byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1;
}

function readBinary(bytes: Uint8Array, { largest, pixelsAt }: PnmHeader, samples: number): Uint8Array {
  if (largest === 255) return bytes.slice(pixelsAt, pixelsAt + samples);
  const values = new Uint8Array(samples);
  const scale = scaler(largest);
  if (largest < 256) for (let i = 0; i < samples; i++) values[i] = scale[bytes[pixelsAt + i] ?? 0] ?? 255;
  else {
    for (let i = 0; i < samples; i++) {
      const at = pixelsAt + 2 * i;
      values[i] = scale[((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)] ?? 255;
    }
  }
  return values;
}

function readText(bytes: Uint8Array, header: PnmHeader, samples: number, name: string): Uint8Array {
  const values = new Uint8Array(samples);
  const scale = scaler(header.largest);
  let at = header.pixelsAt;
  for (let i = 0; i < samples; i++) {
    if (header.kind === 1) {
      while (isBlank(bytes[at])) at++;
      const bit = digitAt(bytes, at++);
      if (at > bytes.length) throw rasterError('TRUNCATED', 'ends before its picture does', name);
      if (bit !== 0 && bit !== 1) throw rasterError('DECODE', `has no bit at byte ${at - 1}`, name);
      values[i] = bit === 0 ? 255 : 0;
    } else {
      const [value, end] = readToken(bytes, at, name);
      at = end;
      values[i] = scale[value] ?? 255;
    }
  }
  return values;
}

/** The 0..255 level of every sample value. */
function scaler(largest: number): Uint8Array {
  if (largest === 65_535) return Uint8Array.from({ length: 65_536 }, (_, value) => value >> 8);
  return Uint8Array.from({ length: largest + 1 }, (_, value) => Math.round((value * 255) / largest));
}

function unpackBits(bytes: Uint8Array, { width, height, pixelsAt }: PnmHeader): Uint8Array {
  const values = new Uint8Array(width * height);
  const stride = Math.ceil(width / 8);
  for (let y = 0; y < height; y++) {
    const row = pixelsAt + y * stride;
    for (let x = 0; x < width; x++)
      values[y * width + x] = ((bytes[row + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 ? 0 : 255;
  }
  return values;
}

function repeatGrey(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0, to = 0; i < grey.length; i++) {
    const level = grey[i] ?? 0;
    rgb[to++] = level;
    rgb[to++] = level;
    rgb[to++] = level;
  }
  return rgb;
}
