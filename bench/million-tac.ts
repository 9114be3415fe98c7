/** TAC on very large tables: the made table of million.ts with words beside it. */
import { statSync } from 'node:fs';
import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import { openSafetensors } from '@muster/torch/io';
import type { Emit } from '../packages/muster/src/base/index.ts';
import { findEmbeddingMethod } from '../packages/muster/src/methods/index.ts';
import { acc } from '../packages/muster/src/metrics/index.ts';
import { anonymousBytes, watchMemory } from './memory-watch.ts';
import { plantedGroups, writeMade } from './million.ts';
import type { MillionOptions } from './million.ts';

/** What was measured. */
export interface MillionTacResult {
  readonly seconds: number;
  /** Bytes that no file backs: at most, and before the fit began; NaN where the system does not tell. */
  readonly peakBytes: number;
  readonly startBytes: number;
  readonly fileBytes: number;
  /** Groups that have rows. */
  readonly occupied: number;
  /** Accuracy on the planted groups. */
  readonly acc: number;
  /** Shares of the exact neighbours that were found, of the images and of their texts. */
  readonly imageRecall: number;
  readonly textRecall: number;
}

/** Nouns beside the table. */
export const NOUNS = 8_000;
/** Temperature of the retrieval: the made words stand as near to their images as CLIP's do. */
const TAU = 0.02;

/**
 * TAC for a table that has to be cut short somewhere: centres from at most 256 rows each, one start, mini-batches; neighbours among a
 * draw of the rows, twice as many of each planted group as there are neighbours; one epoch.
 */
export const reducedTac = {
  centrePoints: 256,
  centreRestarts: 1,
  pool: 100_000,
  epochs: 1,
  batch: 8192,
  distillationTemperature: 5,
} as const;

/** Fits TAC once on the mapped table. */
export async function measureMillionTac(options: MillionOptions, emit: Emit): Promise<MillionTacResult> {
  if (statSync(options.file, { throwIfNoEntry: false }) === undefined) writeMade(options);
  const table = openSafetensors(options.file);
  const x = table.get('x');
  try {
    using random = generator(options.seed + 3);
    const nouns = scope(() => {
      const rows = torch.randint(0, options.rows, [NOUNS], { generator: random, dtype: 'int64' });
      return x.indexSelect(0, rows).add(torch.randn([NOUNS, options.columns], { generator: random }));
    });
    const words = Array.from({ length: NOUNS }, (_, index) => `noun ${index}`);
    const text = { nouns, words, centreImages: false, temperature: TAU };
    const startBytes = anonymousBytes();
    const memory = watchMemory();
    const began = performance.now();
    const settings = { groups: options.groups, ...reducedTac };
    const context = { seed: options.seed, device: 'cpu', emit } as const;
    const fitted = await findEmbeddingMethod('tac').fit({ embeddings: x, text }, settings, context);
    const seconds = (performance.now() - began) / 1000;
    const peakBytes = await memory.stop();
    const { usage, own, values } = fitted;
    fitted.dispose();
    nouns.dispose();
    return {
      seconds,
      peakBytes,
      startBytes,
      fileBytes: statSync(options.file).size,
      occupied: usage.occupied,
      acc: acc(plantedGroups(options), own.labels),
      imageRecall: values['imageNeighbourRecall'] ?? 1,
      textRecall: values['textNeighbourRecall'] ?? 1,
    };
  } finally {
    x.dispose();
    table.close();
  }
}
