import type { Limits } from '../base/index.ts';
import { checkSize, rasterError } from './raster.ts';
import type { Raster } from './raster.ts';
import { readRunLengths } from './bmp-rle.ts';

interface BmpHeader {
  width: number;
  height: number;
  topDown: boolean;
  bits: number;
  compression: number;
  pixelsAt: number;
  palette: Uint8Array;
  masks: readonly [number, number, number];
}

/** Writes one row: reads at `from` in the file, writes three bytes a pixel at `to`. */
type RowReader = (from: number, to: number) => void;

const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BIT_FIELDS = 3;
const ALPHA_BIT_FIELDS = 6;

/** Whether bytes begin like a Windows or OS/2 bitmap. */
export function isBmp(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 26 &&
    bytes[0] === 0x42 &&
    bytes[1] === 0x4d &&
    [12, 16, 40, 52, 56, 64, 108, 124].includes(view(bytes).getUint32(14, true))
  );
}

/**
 * Decodes a bitmap: 1, 4, 8, 16, 24 and 32 bits, palettes, bit fields, run lengths, either row order. Alpha is dropped.
 *
 * @param name what to call it in errors
 * @throws MusterError `NOT_IMAGE`, `TRUNCATED`, `TOO_LARGE`, `UNSUPPORTED`, `DECODE`
 */
export function decodeBmp(bytes: Uint8Array, name: string, limits: Partial<Limits> = {}): Raster {
  const header = readBmpHeader(bytes, name, limits);
  const { width, height, bits, pixelsAt } = header;
  const runs = header.compression === RLE8 || header.compression === RLE4;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const rowBytes = Math.ceil((width * bits) / 8);
  if (!runs && pixelsAt + stride * (height - 1) + rowBytes > bytes.length) {
    throw rasterError('TRUNCATED', `needs ${pixelsAt + stride * height} bytes and has ${bytes.length}`, name);
  }
  const rgb = new Uint8Array(width * height * 3);
  const write = (source: Uint8Array, start: number, step: number, readBits: number): void => {
    const read = rowReader(source, rgb, { ...header, bits: readBits });
    for (let row = 0; row < height; row++) {
      read(start + row * step, (header.topDown ? row : height - 1 - row) * width * 3);
    }
  };
  if (runs) write(readRunLengths(bytes.subarray(pixelsAt), width, height, bits === 4, name), 0, width, 8);
  else write(bytes, pixelsAt, stride, bits);
  return { width, height, rgb };
}

/** Width and height of a bitmap, checked against the limits. */
export function bmpSize(
  bytes: Uint8Array,
  name: string,
  limits: Partial<Limits> = {},
): { width: number; height: number } {
  const { width, height } = readBmpHeader(bytes, name, limits);
  return { width, height };
}

function readBmpHeader(bytes: Uint8Array, name: string, limits: Partial<Limits>): BmpHeader {
  if (!isBmp(bytes)) throw rasterError('NOT_IMAGE', 'is no bitmap', name);
  const data = view(bytes);
  const headerSize = data.getUint32(14, true);
  if (14 + headerSize > bytes.length) throw rasterError('TRUNCATED', 'ends inside its header', name);
  const core = headerSize === 12;
  const width = core ? data.getUint16(18, true) : data.getInt32(18, true);
  const signedHeight = core ? data.getUint16(20, true) : data.getInt32(22, true);
  const bits = data.getUint16(core ? 24 : 28, true);
  const compression = headerSize >= 40 ? data.getUint32(30, true) : RGB;
  checkSize(width, Math.abs(signedHeight), name, limits);
  const fields = compression === BIT_FIELDS || compression === ALPHA_BIT_FIELDS;
  checkKind(bits, compression, fields, name);
  const masksAt = 54;
  const extra = fields && headerSize === 40 ? (compression === BIT_FIELDS ? 12 : 16) : 0;
  if (fields && masksAt + 12 > bytes.length) throw rasterError('TRUNCATED', 'ends inside its header', name);
  const entry = core ? 3 : 4;
  const paletteAt = 14 + headerSize + extra;
  const pixelsAt = data.getUint32(10, true);
  const used = headerSize >= 40 ? data.getUint32(46, true) : 0;
  const colours = bits > 8 ? 0 : Math.min(used === 0 ? 2 ** bits : used, 2 ** bits);
  if (pixelsAt < paletteAt || pixelsAt > bytes.length)
    throw rasterError('DECODE', `its pixels are said to start at byte ${pixelsAt}`, name);
  const palette = readPalette(bytes.subarray(paletteAt, Math.min(paletteAt + colours * entry, pixelsAt)), entry);
  const mask = (index: number) => data.getUint32(masksAt + 4 * index, true);
  const masks = fields
    ? ([mask(0), mask(1), mask(2)] as const)
    : bits === 16
      ? ([0x7c00, 0x3e0, 0x1f] as const)
      : ([0xff0000, 0xff00, 0xff] as const);
  return {
    width,
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bits,
    compression,
    pixelsAt,
    palette,
    masks,
  };
}

function checkKind(bits: number, compression: number, fields: boolean, name: string): void {
  const plain = compression === RGB && [1, 4, 8, 16, 24, 32].includes(bits);
  const runs = (compression === RLE8 && bits === 8) || (compression === RLE4 && bits === 4);
  if (!plain && !runs && !(fields && (bits === 16 || bits === 32))) {
    throw rasterError('UNSUPPORTED', `is a bitmap of ${bits} bits with compression ${compression}`, name);
  }
}

function readPalette(stored: Uint8Array, entry: number): Uint8Array {
  const palette = new Uint8Array(256 * 3);
  for (let colour = 0; (colour + 1) * entry <= stored.length; colour++) {
    for (let channel = 0; channel < 3; channel++)
      palette[colour * 3 + channel] = stored[colour * entry + 2 - channel] ?? 0;
  }
  return palette;
}

function rowReader(source: Uint8Array, rgb: Uint8Array, header: BmpHeader): RowReader {
  const { width, bits, palette } = header;
  if (bits <= 8) {
    const perByte = 8 / bits;
    const last = (1 << bits) - 1;
    return (from, to) => {
      for (let x = 0; x < width; x++, to += 3) {
        const shift = 8 - bits * ((x % perByte) + 1);
        const colour = (((source[from + Math.floor(x / perByte)] ?? 0) >> shift) & last) * 3;
        rgb[to] = palette[colour] ?? 0;
        rgb[to + 1] = palette[colour + 1] ?? 0;
        rgb[to + 2] = palette[colour + 2] ?? 0;
      }
    };
  }
  if (bits === 24) {
    return (from, to) => {
      for (let x = 0; x < width; x++, from += 3, to += 3) {
        rgb[to] = source[from + 2] ?? 0;
        rgb[to + 1] = source[from + 1] ?? 0;
        rgb[to + 2] = source[from] ?? 0;
      }
    };
  }
  return maskedReader(source, rgb, header);
}

function maskedReader(source: Uint8Array, rgb: Uint8Array, { width, bits, masks }: BmpHeader): RowReader {
  const channels = masks.map(channelOf);
  const data = view(source);
  return (from, to) => {
    for (let x = 0; x < width; x++) {
      const pixel = bits === 16 ? data.getUint16(from + 2 * x, true) : data.getUint32(from + 4 * x, true);
      for (const { mask, shift, down, table } of channels) {
        const value = (pixel & mask) >>> shift;
        rgb[to++] = table === undefined ? value >>> down : (table[value] ?? 0);
      }
    }
  };
}

/** A channel's bits as 0..255: fewer than eight are spread over the range, more are cut to the high eight. */
function channelOf(mask: number): { mask: number; shift: number; down: number; table: Uint8Array | undefined } {
  if (mask === 0) return { mask: 0, shift: 0, down: 0, table: undefined };
  const shift = 31 - Math.clz32(mask & -mask);
  const width = 32 - Math.clz32(mask >>> shift);
  if (width >= 8) return { mask, shift, down: width - 8, table: undefined };
  const largest = 2 ** width - 1;
  return {
    mask,
    shift,
    down: 0,
    table: Uint8Array.from({ length: largest + 1 }, (_, value) => (value * 255) / largest),
  };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
