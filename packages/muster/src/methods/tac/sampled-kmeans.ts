import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { seedStream } from '../../base/index.ts';
import { kmeans, lloyd } from '../../cluster/index.ts';
import type { KMeansResult } from '../../cluster/index.ts';
import type { MethodContext } from '../method.ts';

/** How rows are grouped. */
export interface SampledKMeansOptions {
  readonly k: number;
  /** At most so many rows a centre are looked at to find centres, drawn at random; null: all. */
  readonly points: number | null;
  /** Starts; null: `usualStarts`, by mini-batches their own number. */
  readonly restarts: number | null;
  readonly usualStarts: number;
  readonly maxIterations?: number;
  /** Name of the random streams. */
  readonly stream: string;
}

/**
 * Spherical k-means whose centres may come from a random part of the rows; then all rows are assigned to the nearest, in blocks.
 *
 * @param rows [N, d]
 * @returns labels int64 [N] and centres float64 [k, d]; the caller's
 * @source TAC's code: its k-means library looks at 256 rows a centre at most
 */
export function sampledKmeans(
  rows: Tensor,
  { k, points, stream, restarts, usualStarts, maxIterations }: SampledKMeansOptions,
  { seed, signal }: MethodContext,
): Pick<KMeansResult, 'labels' | 'centres'> {
  return scope(() => {
    using random = generator(seedStream(seed, stream));
    const sample = sampleRows(rows, k, points, seedStream(seed, `${stream}-points`));
    const starts = { restarts: restarts ?? undefined, lloydRestarts: usualStarts };
    const found = kmeans(sample, { ...starts, maxIterations, k, metric: 'spherical', generator: random, signal });
    if (sample === rows) return found;
    const { labels } = lloyd(rows, found.centres, { metric: 'spherical', maxIterations: 0, signal });
    return { labels, centres: found.centres };
  });
}

/**
 * At most `points` rows for each of k centres, drawn at random, in their order; the same tensor where all are taken.
 *
 * @param rows [N, d]
 * @param points null: all rows
 */
export function sampleRows(rows: Tensor, k: number, points: number | null, seed: number): Tensor {
  const [n = 0] = rows.shape;
  if (points === null || n <= k * points) return rows;
  return scope(() => {
    using random = generator(seed);
    const [places] = torch
      .randperm(n, { generator: random, dtype: 'int64' })
      .narrow(0, 0, k * points)
      .sort();
    return rows.indexSelect(0, places.to({ device: rows.device }));
  });
}
