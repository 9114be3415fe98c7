import { offThread, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';

/**
 * Copies images out of a collection, off the main thread: with memory-mapped pixels it is the disk that is waited for.
 *
 * @param pixels uint8 [N, H, W, C]
 * @param rows numbers of images, in the order wanted
 * @returns uint8 [n, H, W, C], the caller's
 */
export async function gatherPixels(pixels: Tensor, rows: ArrayLike<number>): Promise<Tensor> {
  using places = tensor(BigInt64Array.from({ length: rows.length }, (_, at) => BigInt(rows[at] ?? -1)));
  return await offThread(() => pixels.indexSelect(0, places), { grad: false });
}
