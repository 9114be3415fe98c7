import { MusterError, withLimits } from '../base/index.ts';
import type { Limits } from '../base/index.ts';
import { checkSize } from './raster.ts';
import type { RecordLayout } from './records.ts';

/** What an idx file holds: pictures of one size, or a label for each. */
export interface IdxHeader {
  readonly kind: 'images' | 'labels';
  readonly count: number;
  /** Size of a picture; 1 x 1 for labels. */
  readonly height: number;
  readonly width: number;
  /** Where the data begin. */
  readonly offset: number;
}

/** Bytes that {@link readIdxHeader} needs at most. */
export const IDX_HEADER_BYTES = 16;

const IMAGES = 0x00000803;
const LABELS = 0x00000801;

/** Whether bytes begin like an idx file of bytes in one or three dimensions: labels or pictures. */
export function isIdx(start: Uint8Array): boolean {
  return start.length >= 8 && [IMAGES, LABELS].includes(viewOf(start).getUint32(0));
}

/**
 * Reads an idx file's header and holds it against the file's length; nothing is allocated by what it says.
 *
 * @param start the first 16 bytes, or all there are
 * @param sizeBytes length of the whole file, unpacked; null where it is not known yet
 * @param name what to call it in errors
 * @throws MusterError `data.format` (wrong magic number), `TRUNCATED`, `TOO_LARGE`, `DECODE`
 * @source LeCun, Cortes, Burges: "The MNIST database", file formats
 */
export function readIdxHeader(
  start: Uint8Array,
  sizeBytes: number | null,
  name: string,
  changes: Partial<Limits> = {},
): IdxHeader {
  const data = viewOf(start);
  if (start.length < 8) throw cut(name, `has ${start.length} bytes, too few for an idx header`);
  const magic = data.getUint32(0);
  if (!isIdx(start)) {
    throw new MusterError('data.format', `begins with ${magic}, not with ${IMAGES} (images) or ${LABELS} (labels)`, {
      where: name,
      fix: 'it is no idx file of bytes, or damaged',
    });
  }
  const kind = magic === IMAGES ? 'images' : 'labels';
  const offset = kind === 'images' ? 16 : 8;
  if (start.length < offset) throw cut(name, `has ${start.length} bytes, too few for its header of ${offset}`);
  const count = data.getUint32(4);
  const [height, width] = kind === 'images' ? [data.getUint32(8), data.getUint32(12)] : [1, 1];
  checkSize(width, height, name, changes);
  const { entries } = withLimits(changes);
  if (count > entries)
    throw new MusterError('TOO_LARGE', `says it holds ${count} items, more than ${entries}`, { where: name });
  const needed = offset + count * height * width;
  if (sizeBytes === null) return { kind, count, height, width, offset };
  const size = kind === 'images' ? ` of ${width} x ${height}` : '';
  if (sizeBytes < needed)
    throw cut(name, `says it holds ${count} ${kind}${size}, which are ${needed} bytes, and has ${sizeBytes}`);
  if (sizeBytes > needed) {
    throw new MusterError('data.format', `has ${sizeBytes - needed} bytes more than its ${count} ${kind}${size} take`, {
      where: name,
      fix: 'bring it anew',
    });
  }
  return { kind, count, height, width, offset };
}

/** The records of an idx file of pictures. */
export function idxLayout({ height, width }: IdxHeader): RecordLayout {
  return { width, height, channels: 1, labelBytes: 0, order: 'pixels' };
}

function cut(name: string, what: string): MusterError {
  return new MusterError('TRUNCATED', what, { where: name, fix: 'it is cut short: bring it anew' });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
