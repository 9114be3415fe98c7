import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { startingRows } from './kmeans-start.ts';
import { lloydOn } from './lloyd.ts';
import type { KMeansResult, LloydOptions } from './lloyd.ts';
import { miniBatchKmeans, takesMiniBatches } from './mini-batch-kmeans.ts';
import type { KMeansAlgorithm } from './mini-batch-kmeans.ts';
import { prepareRows } from './prepared-rows.ts';

/** Settings of {@link kmeans}. */
export interface KMeansOptions extends LloydOptions {
  /** Number of clusters. */
  readonly k: number;
  /**
   * `lloyd` or `mini-batch` ({@link miniBatchKmeans}, with its own numbers of rounds); `auto` takes the latter for
   * tables of more than 2^28 entries, such as 524,288 rows of 512. Default auto.
   */
  readonly algorithm?: KMeansAlgorithm;
  /** Starts to try; the partition of least inertia is kept. Default `lloydRestarts`; mini-batch: {@link miniBatchStarts}. */
  readonly restarts?: number;
  /** Starts of Lloyd's algorithm where `restarts` is not given; mini-batches keep to their own number. Default 10. */
  readonly lloydRestarts?: number;
  /** Source of the starts. */
  readonly generator: Generator;
}

/**
 * k-means with k-means++ starts: the best of several runs of Lloyd's algorithm, or mini-batches for
 * very large tables; the result says which.
 * The same generator state gives the same result.
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.k where k is not in 1..n; cluster.rows, cluster.nan as {@link lloydOn}
 */
export function kmeans(x: Tensor, settings: KMeansOptions): KMeansResult {
  const { k, algorithm = 'auto', lloydRestarts = 10, restarts = lloydRestarts, generator, ...options } = settings;
  if (takesMiniBatches(algorithm, x.numel)) {
    return miniBatchKmeans(x, { ...options, k, restarts: settings.restarts, generator });
  }
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
