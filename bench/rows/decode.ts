import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { centreSquare, fileSource, loadBatches } from '../../packages/muster/src/image/index.ts';
import { fromPeer } from '../compare.ts';
import type { Goals, Row } from '../row.ts';

const SIDE = 224;
const BATCH = 32;

/** Loads every picture of the folder and hands each batch on, as the embedding of a collection does. */
async function loadAll(folder: string, take: (images: Tensor) => void): Promise<void> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .toSorted();
  const sources = names.map((name) => fileSource(join(folder, name), name));
  const options = { batch: BATCH, geometry: centreSquare(SIDE, 'bicubic'), atLeast: 2 * SIDE };
  for await (const batch of loadBatches(sources, options)) {
    if (batch.skipped.length > 0) throw new Error(`not decoded: ${batch.skipped[0]?.message}`);
    take(batch.images);
    batch.images.dispose();
  }
}

/**
 * @param size the pictures' width, height, and how many there are
 * @param difference mean difference from Pillow's pixels that is allowed, in levels of 255
 */
function row(
  name: string,
  work: string,
  size: readonly [number, number, number],
  goals: Goals,
  difference: number,
): Row {
  return {
    name: `decode-${name}`,
    work,
    goals,
    peer: { title: 'Pillow, worker processes', program: 'decode.py', arguments: size.map(String) },
    runs: 1,
    prepare: async ({ folder, ...context }) => {
      const parts: Tensor[] = [];
      await loadAll(folder, (images) => parts.push(images.permute([0, 2, 3, 1]).to('float32')));
      const expected = fromPeer({ folder, ...context }, 'pixels').to('float32'); // (n, 224, 224, 3)
      const value = torch.cat(parts).sub(expected).abs().mean().item();
      for (const part of parts) part.dispose();
      const checks = [{ name: "mean difference from Pillow's pixels, levels", value, limit: difference }];
      return { checks, run: () => loadAll(folder, () => undefined) };
    },
  };
}

/** From JPEG files to pictures of 224 px on all cores. */
export const decodeRows: readonly Row[] = [
  row(
    '500x375',
    'decode and resize 256 JPEGs of 500 x 375 to 224 px',
    [500, 375, 256],
    { amd26: 1, amd25: 1, intel: 1 },
    0.1,
  ),
  row(
    '12mp',
    'decode and resize 24 JPEGs of 12 megapixels to 224 px, shrunk while decoding',
    [4000, 3000, 24],
    { amd26: 0.35, amd25: 0.35, intel: 0.35 },
    1.5,
  ),
];
