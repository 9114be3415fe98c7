import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { startingRows } from './kmeans-start.ts';
import { lloydOn } from './lloyd.ts';
import type { KMeansResult, LloydOptions } from './lloyd.ts';
import { prepareRows } from './prepared-rows.ts';

/** Settings of {@link kmeans}. */
export interface KMeansOptions extends LloydOptions {
  /** Number of clusters. */
  readonly k: number;
  /** Starts to try; the partition of least inertia is kept. Default 10. */
  readonly restarts?: number;
  /** Source of the starts. */
  readonly generator: Generator;
}

/**
 * k-means with k-means++ starts: the best of several runs of Lloyd's algorithm.
 * The same generator state gives the same result.
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.k where k is not in 1..n; cluster.rows, cluster.nan as {@link lloydOn}
 */
export function kmeans(x: Tensor, { k, restarts = 10, generator, ...options }: KMeansOptions): KMeansResult {
  return scope(() =>
    torch.noGrad(() => {
      const rows = prepareRows(x, options.metric ?? 'euclidean');
      if (!Number.isInteger(k) || k < 1 || k > rows.n) {
        throw new MusterError('cluster.k', `${k} groups of ${rows.n} rows`, { fix: `ask for 1 to ${rows.n} groups` });
      }
      let best: KMeansResult | undefined;
      for (let run = 0; run < Math.max(1, restarts); run++) {
        const result = scope(() => lloydOn(rows, startingRows(rows, k, generator), options));
        if (best === undefined || result.inertia < best.inertia) best = result;
      }
      if (best === undefined) throw new MusterError('cluster.k', 'no start was tried', { kind: 'internal' });
      return best;
    }),
  );
}
