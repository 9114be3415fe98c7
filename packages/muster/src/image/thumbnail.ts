import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { MusterError, limits as standard } from '../base/index.ts';
import type { Limits } from '../base/index.ts';
import { decodeImage } from './decode.ts';
import { decoderError } from './decoder-error.ts';
import { readHeader } from './header.ts';

/** How a thumbnail is made. */
export interface ThumbnailOptions {
  /** Longest side in pixels. */
  side: number;
  /** Default `webp`. */
  format?: 'webp' | 'jpeg';
  /** 1..100, default 75. */
  quality?: number;
  limits?: Partial<Limits>;
}

/** A small picture for a page. */
export interface Thumbnail {
  readonly data: Uint8Array;
  readonly type: 'image/webp' | 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

/**
 * A thumbnail of a picture's bytes: turned upright, on white, never enlarged, without the camera's data.
 *
 * @param name what to call it in errors
 * @throws MusterError as `decodeImage`
 */
export async function thumbnail(bytes: Uint8Array, name: string, options: ThumbnailOptions): Promise<Thumbnail> {
  const { side, format = 'webp', quality = 75, limits = {} } = options;
  const header = await readHeader(bytes, name, limits);
  const decodeOurselves = header.kind === 'bmp' || header.kind === 'pnm' || header.cmyk;
  try {
    const input = decodeOurselves
      ? await rawInput(bytes, name, limits)
      : sharp(bytes, { failOn: 'error', limitInputPixels: limits.pixels ?? standard.pixels });
    const small = input
      .timeout({ seconds: limits.decodeSeconds ?? standard.decodeSeconds })
      .autoOrient()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb');
    const encoded = format === 'webp' ? small.webp({ quality }) : small.jpeg({ quality, mozjpeg: false });
    const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
    return { data, type: `image/${format}`, width: info.width, height: info.height };
  } catch (error) {
    throw error instanceof MusterError ? error : decoderError(error, bytes, header.kind, name);
  }
}

async function rawInput(bytes: Uint8Array, name: string, limits: Partial<Limits>): Promise<Sharp> {
  const { width, height, rgb } = await decodeImage(bytes, name, { limits });
  return sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false });
}
