/**
 * The limits on what is read from outside, in one place. Each is inclusive: a value equal to the limit is accepted.
 * Functions that read take `Partial<Limits>` to override some.
 */
export const limits = {
  /** Pixels of one image, before orientation. */
  pixels: 100_000_000,
  /** Width and height of one image, in pixels. */
  side: 65_535,
  /** Bytes of one image file. */
  fileBytes: 512 * 2 ** 20,
  /** Seconds that the decoder may spend on one image. */
  decodeSeconds: 10,
  /** Bytes of decoded pixels that may be in flight at once; a single larger image is decoded alone. */
  decodeBytesInFlight: 768 * 2 ** 20,
  /** Files looked at in one folder tree or archive. */
  entries: 20_000_000,
  /** Depth of folders below the root. */
  depth: 200,
  /** Bytes of one name in an archive. */
  archiveNameBytes: 65_536,
  /** Bytes that a compressed archive may unpack to. */
  unpackedBytes: 256 * 2 ** 30,
  /** Bytes that a compressed file of a data set may unpack to, in memory. */
  unpackedFileBytes: 2 * 2 ** 30,
  /** Bytes of a CSV file. */
  csvBytes: 512 * 2 ** 20,
} as const;

/** The names of the limits, with numbers of the caller's choice. */
export type Limits = { readonly [Name in keyof typeof limits]: number };

/** All limits, some replaced. */
export function withLimits(changes: Partial<Limits> = {}): Limits {
  return { ...limits, ...changes };
}
