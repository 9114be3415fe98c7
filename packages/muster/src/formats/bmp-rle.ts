import { rasterError } from './raster.ts';

/**
 * Unpacks a bitmap's run lengths (RLE8, or RLE4 with `nibbles`) to one palette index a byte, bottom row first. Pixels
 * that are skipped over have index 0. A run beyond the row's end is cut, as other readers do.
 *
 * @throws MusterError `TRUNCATED` where the data end before the picture's end mark and before its last row
 */
export function readRunLengths(
  data: Uint8Array,
  width: number,
  height: number,
  nibbles: boolean,
  name: string,
): Uint8Array {
  const indices = new Uint8Array(width * height);
  let at = 0;
  let x = 0;
  let y = 0;
  while (y < height) {
    if (at + 2 > data.length) {
      if (y === height - 1 && x >= width) break;
      throw rasterError('TRUNCATED', `its run lengths end in row ${y} of ${height}`, name);
    }
    const count = data[at] ?? 0;
    const value = data[at + 1] ?? 0;
    at += 2;
    if (count > 0) {
      const end = y * width + Math.min(x + count, width);
      if (!nibbles) indices.fill(value, y * width + x, end);
      else
        for (let i = 0; i < count && x + i < width; i++)
          indices[y * width + x + i] = i % 2 === 0 ? value >> 4 : value & 15;
      x = Math.min(x + count, width);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) break;
    else if (value === 2) {
      x = Math.min(x + (data[at] ?? 0), width);
      y += data[at + 1] ?? 0;
      at += 2;
    } else {
      const bytes = nibbles ? Math.ceil(value / 2) : value;
      if (at + bytes > data.length)
        throw rasterError('TRUNCATED', `its run lengths end in row ${y} of ${height}`, name);
      for (let i = 0; i < value && x < width; i++, x++) {
        const byte = data[at + (nibbles ? i >> 1 : i)] ?? 0;
        indices[y * width + x] = !nibbles ? byte : i % 2 === 0 ? byte >> 4 : byte & 15;
      }
      at += bytes + (bytes % 2);
    }
  }
  return indices;
}
