import sharp from 'sharp';
import type { Limits } from '../base/index.ts';
import { MusterError, limits as standard } from '../base/index.ts';
import { bmpSize, checkSize, pnmSize, rasterError } from '../formats/index.ts';
import { readJpegHeader } from './jpeg-header.ts';
import { isReadable, readableFormats, sniff, unreadable } from './sniff.ts';
import type { ReadableKind } from './sniff.ts';
import { decoderError } from './decoder-error.ts';

/** What is known of a picture before it is decoded. */
export interface ImageHeader {
  readonly kind: ReadableKind;
  /** Stored size in pixels, before orientation. */
  readonly width: number;
  readonly height: number;
  /** Whether the pixels are cyan, magenta, yellow and black. */
  readonly cmyk: boolean;
  /** Whether a colour profile has to be applied to get sRGB. */
  readonly foreignProfile: boolean;
  /** Bits of a sample. */
  readonly bits: number;
  /** Frames of an animation or pages of a TIFF; the first is used. */
  readonly frames: number;
}

/**
 * Reads a picture's kind and size from its bytes and holds them against the limits; nothing large is allocated.
 *
 * @param name what to call it in errors
 * @throws MusterError `EMPTY`, `NOT_IMAGE`, `UNSUPPORTED`, `TOO_LARGE`, `TRUNCATED`, `DECODE`
 */
export async function readHeader(bytes: Uint8Array, name: string, limits: Partial<Limits> = {}): Promise<ImageHeader> {
  if (bytes.length === 0) throw rasterError('EMPTY', 'has no bytes', name);
  const most = limits.fileBytes ?? standard.fileBytes;
  if (bytes.length > most) throw rasterError('TOO_LARGE', `has ${bytes.length} bytes, more than ${most}`, name);
  const kind = sniff(bytes);
  if (kind === 'unknown')
    throw rasterError('NOT_IMAGE', `is no picture by its first bytes (looked for ${readableFormats})`, name);
  if (!isReadable(kind)) throw rasterError('UNSUPPORTED', unreadable[kind], name);
  const header = await headerOf(bytes, kind, name, limits);
  checkSize(header.width, header.height, name, limits);
  return header;
}

async function headerOf(
  bytes: Uint8Array,
  kind: ReadableKind,
  name: string,
  limits: Partial<Limits>,
): Promise<ImageHeader> {
  const plain = { kind, cmyk: false, foreignProfile: false, bits: 8, frames: 1 };
  if (kind === 'bmp') return { ...plain, ...bmpSize(bytes, name, limits) };
  if (kind === 'pnm') return { ...plain, ...pnmSize(bytes, name, limits) };
  if (kind === 'jpeg') {
    const found = readJpegHeader(bytes);
    if (found !== undefined) return { ...plain, ...found, cmyk: found.components === 4 };
  }
  if (kind === 'png' && bytes.length >= 33) checkPngHeader(bytes, name, limits);
  try {
    const found = await sharp(bytes, { limitInputPixels: false, failOn: 'none' }).metadata();
    return {
      kind,
      width: found.width,
      height: found.pageHeight ?? found.height,
      cmyk: found.space === 'cmyk',
      foreignProfile: found.hasProfile,
      bits: depths[found.depth ?? 'uchar'] ?? 8,
      frames: found.pages ?? 1,
    };
  } catch (error) {
    throw error instanceof MusterError ? error : decoderError(error, bytes, kind, name);
  }
}

/** libpng refuses absurd sizes with a sentence of its own; ours names the limit. */
function checkPngHeader(bytes: Uint8Array, name: string, limits: Partial<Limits>): void {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.getUint32(12) === 0x49484452) checkSize(data.getUint32(16), data.getUint32(20), name, limits);
}

const depths: Readonly<Record<string, number>> = {
  uchar: 8,
  char: 8,
  ushort: 16,
  short: 16,
  uint: 32,
  int: 32,
  float: 32,
  double: 64,
};
