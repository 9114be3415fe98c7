import { isBmp, isPnm } from '../formats/index.ts';

/** What the first bytes say a file is. `unknown` is anything that is no picture. */
export type FileKind = ReadableKind | UnreadableKind | 'unknown';

/** Kinds that are decoded. */
export type ReadableKind = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'bmp' | 'pnm';

/** Pictures that are recognised but not decoded. */
export type UnreadableKind = keyof typeof unreadable;

/** What to do about a picture of a kind that is not read. */
export const unreadable = {
  heic: 'HEIC is not read: export it as JPEG',
  svg: 'SVG is not read: export it as PNG',
  jxl: 'JPEG XL is not read: convert it to JPEG or PNG',
  jp2: 'JPEG 2000 is not read: convert it to TIFF or PNG',
  psd: 'Photoshop files are not read: export them as PNG',
  ico: 'icons are not read: convert them to PNG',
  pdf: 'PDF is not read: export its pages as PNG',
  exr: 'OpenEXR is not read: convert it to PNG',
  hdr: 'Radiance HDR is not read: convert it to PNG',
} as const;

/** The formats that are looked for, as a phrase for messages. */
export const readableFormats = 'JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PPM/PGM/PBM';

/** How many first bytes {@link sniff} needs at most. */
export const SNIFF_BYTES = 512;

const extensions = /\.(jpe?g|jfif|jpe|png|webp|gif|tiff?|avif|bmp|dib|ppm|pgm|pbm|pnm|hei[cf]|svg|jxl|jp2|j2k|psd)$/i;

/** Whether a file name ends like a picture's. */
export function hasImageExtension(name: string): boolean {
  return extensions.test(name);
}

/** What a file is, by its first bytes alone. */
export function sniff(bytes: Uint8Array): FileKind {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SNIFF_BYTES)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'tiff';
  if (text.startsWith('ftyp', 4)) return sniffBoxes(text);
  if (isBmp(bytes)) return 'bmp';
  if (isPnm(bytes)) return 'pnm';
  if (text.startsWith('\xff\x0a') || text.startsWith('\0\0\0\x0cJXL ')) return 'jxl';
  if (text.startsWith('\0\0\0\x0cjP  ') || text.startsWith('\xff\x4f\xff\x51')) return 'jp2';
  if (text.startsWith('8BPS')) return 'psd';
  if (text.startsWith('\0\0\x01\0') && bytes.length >= 22 && (bytes[4] ?? 0) > 0) return 'ico';
  if (text.startsWith('%PDF-')) return 'pdf';
  if (text.startsWith('\x76\x2f\x31\x01')) return 'exr';
  if (text.startsWith('#?RADIANCE')) return 'hdr';
  return /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*(<!DOCTYPE svg[^]*?>\s*)?<svg[\s>]/.test(text)
    ? 'svg'
    : 'unknown';
}

/** Whether a kind is one that is decoded. */
export function isReadable(kind: FileKind): kind is ReadableKind {
  return kind !== 'unknown' && !Object.hasOwn(unreadable, kind);
}

function sniffBoxes(text: string): FileKind {
  const length = Math.min(text.charCodeAt(2) * 256 + text.charCodeAt(3), text.length);
  const brands: readonly string[] = text.slice(8, length).match(/.{4}/gs) ?? [];
  if (brands.includes('avif') || brands.includes('avis')) return 'avif';
  return brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)) ? 'heic' : 'unknown';
}
