/** What a JPEG's markers say before the picture itself starts. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Whether a colour profile other than sRGB is embedded. */
  readonly foreignProfile: boolean;
}

/**
 * Walks a JPEG's markers up to its frame header; undefined where the bytes end or go astray before one.
 *
 * @source ITU-T T.81, annex B; ICC.1, annex B.4 for profiles in APP2
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  let at = 2;
  let foreignProfile = false;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return undefined;
    const length = word(bytes, at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return undefined;
    if (marker === 0xe2) foreignProfile ||= isForeignProfile(bytes.subarray(at + 4, at + 2 + length));
    if (isFrame(marker)) {
      if (length < 8) return undefined;
      return {
        height: word(bytes, at + 5),
        width: word(bytes, at + 7),
        components: bytes[at + 9] ?? 0,
        foreignProfile,
      };
    }
    at += 2 + length;
  }
  return undefined;
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** A profile whose first part names sRGB changes nothing worth the time; the name is ASCII or UTF-16. */
function isForeignProfile(segment: Uint8Array): boolean {
  const text = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  if (!text.subarray(0, 12).equals(Buffer.from('ICC_PROFILE\0', 'latin1')) || segment[12] !== 1) return false;
  return !text.includes('sRGB') && !text.includes('s\0R\0G\0B', 0, 'latin1');
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
