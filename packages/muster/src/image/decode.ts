import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { Limits } from '../base/index.ts';
import { errorMessage, limits as standard } from '../base/index.ts';
import { decodeBmp, decodePnm, rasterError } from '../formats/index.ts';
import type { Raster } from '../formats/index.ts';
import { cmykToRgb } from './cmyk.ts';
import { decoderError } from './decoder-error.ts';
import { readHeader } from './header.ts';
import type { ImageHeader } from './header.ts';

// One thread an image; parallelism comes from libuv's pool, which runs several images at once. Nothing is read twice.
sharp.concurrency(1);
sharp.cache(false);

/** How a picture becomes RGB. */
export interface DecodeOptions {
  /** `drop` keeps the stored colours and forgets alpha; `white` lays the picture on white. Default `white`. */
  alpha?: 'drop' | 'white';
  /** Whether the EXIF orientation is applied. Default true. */
  orient?: boolean;
  /** `srgb` converts other colour profiles to sRGB; `ignore` takes the numbers as they are. Default `srgb`. */
  profile?: 'srgb' | 'ignore';
  /**
   * JPEGs at least three times as large are shrunk while decoding, to no less than this many pixels on the shorter side:
   * give twice the size that is needed. Absent: never.
   */
  atLeast?: number;
  limits?: Partial<Limits>;
  /** Asked for room before the pixels are made; what it returns is called when the decoder is done. */
  reserve?: (bytes: number) => Promise<() => void>;
}

/** A decoded picture. */
export interface DecodedImage extends Raster {
  readonly header: ImageHeader;
  /** What was lost, or what the decoder complained about although a whole picture came out. */
  readonly warning: string | undefined;
}

/**
 * Decodes the first frame of a picture to 8-bit RGB: grey repeated, palettes looked up, 16 bits cut to the high byte,
 * CMYK by (255 - C)(255 - K) / 255. JPEGs come out as Pillow's, bit by bit (same libjpeg-turbo transform).
 *
 * @param name what to call it in errors: its path, escaped
 * @throws MusterError with one of base's file codes
 */
export async function decodeImage(bytes: Uint8Array, name: string, options: DecodeOptions = {}): Promise<DecodedImage> {
  const header = await readHeader(bytes, name, options.limits);
  const release = await options.reserve?.(decodeBytes(header, options.atLeast));
  try {
    if (header.kind === 'bmp') return { ...decodeBmp(bytes, name, options.limits), header, warning: undefined };
    if (header.kind === 'pnm') return { ...decodePnm(bytes, name, options.limits), header, warning: undefined };
    return await decodeTolerantly(bytes, name, header, options);
  } finally {
    release?.();
  }
}

/** Decodes strictly; where only a warning stood in the way, decodes again and hands the warning on. */
async function decodeTolerantly(
  bytes: Uint8Array,
  name: string,
  header: ImageHeader,
  options: DecodeOptions,
): Promise<DecodedImage> {
  let decoded: Decoded;
  let warning = header.bits > 8 ? `${name}: its ${header.bits}-bit samples were cut to 8 bits` : undefined;
  try {
    decoded = await runDecoder(bytes, header, options, 'warning');
  } catch (strict) {
    const refusal = decoderError(strict, bytes, header.kind, name);
    if (refusal.code !== 'DECODE') throw refusal;
    decoded = await runDecoder(bytes, header, options, 'error').catch(() => Promise.reject(refusal));
    warning = `${name}: ${errorMessage(strict)}`;
  }
  const { width, height, channels } = decoded;
  if (!header.cmyk && channels !== 3) throw rasterError('UNSUPPORTED', `has ${channels} channels of colour`, name);
  return { width, height, rgb: header.cmyk ? cmykToRgb(decoded.data, channels) : decoded.data, header, warning };
}

interface Decoded {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

async function runDecoder(
  bytes: Uint8Array,
  header: ImageHeader,
  options: DecodeOptions,
  failOn: 'warning' | 'error',
): Promise<Decoded> {
  const { orient = true, atLeast, limits = {} } = options;
  const input = sharp(bytes, {
    failOn,
    limitInputPixels: limits.pixels ?? standard.pixels,
    ignoreIcc: options.profile === 'ignore' || !header.foreignProfile,
    sequentialRead: true,
  }).timeout({ seconds: limits.decodeSeconds ?? standard.decodeSeconds });
  if (orient) input.autoOrient();
  const shorter = shrunkSide(header, atLeast);
  if (shorter !== undefined) input.resize(shorter, shorter, { fit: 'outside', kernel: 'cubic' });
  const { data, info } = await toRgb(input, header, options).raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { data: pixels, width: info.width, height: info.height, channels: info.channels };
}

function toRgb(input: Sharp, header: ImageHeader, options: DecodeOptions): Sharp {
  // A profile's way from CMYK to RGB differs by 23 levels on average from the plain formula, so the inks are taken raw.
  if (header.cmyk) return input.pipelineColourspace('cmyk').toColourspace('cmyk').removeAlpha();
  const opaque = options.alpha === 'drop' ? input.removeAlpha() : input.flatten({ background: '#ffffff' });
  return opaque.toColourspace('srgb');
}

/**
 * The shorter side of a JPEG that is shrunk while decoding; undefined where it is not. libjpeg leaves out detail by
 * factors of 8, 4 and 2, and sharp then insists on resampling by some more: the least it accepts is taken, since that
 * stays nearest to a picture decoded in full (mean difference .6 of a level after resizing, against 1.8 at a rest of 1.7).
 */
function shrunkSide({ kind, width, height, cmyk }: ImageHeader, atLeast: number | undefined): number | undefined {
  if (kind !== 'jpeg' || cmyk || atLeast === undefined) return undefined;
  const shorter = Math.min(width, height);
  const factor = [8, 4, 2].find((by) => Math.floor(shorter / (by + 1.02)) >= atLeast);
  return factor === undefined ? undefined : Math.floor(shorter / (factor + 1.02));
}

/** Bytes that decoding needs at its height: the pixels twice where they are turned or re-ordered. */
function decodeBytes(header: ImageHeader, atLeast: number | undefined): number {
  const { width, height, bits } = header;
  const share = (shrunkSide(header, atLeast) ?? Math.min(width, height)) / Math.min(width, height);
  return Math.ceil(width * height * share ** 2 * 6 * (bits > 8 ? 2 : 1));
}
