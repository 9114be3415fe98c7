import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError, seedStream } from '../../base/index.ts';
import { agglomerative, dbscan, spectralClustering } from '../../cluster/index.ts';
import type { MethodContext } from '../method.ts';
import { semanticCentres } from './nouns.ts';
import type { TacOptions } from './options.ts';
import { sampledKmeans, sampleRows } from './sampled-kmeans.ts';

/**
 * Number of semantic centres: max(N / size, 3 K), at most N.
 *
 * @source TAC eq. 2; N / size rounded to the nearest, as the code's list of numbers has it
 */
export function centreCount(n: number, { groups, centreCount: given, centreSize }: TacOptions): number {
  return Math.min(n, given ?? Math.max(Math.round(n / centreSize), 3 * groups));
}

/**
 * Semantic centres of the images: the mean of each group's images. With `centrePoints` k-means finds the groups on a part of the images
 * and all images are assigned; the other algorithms know no group for an image that they have not seen, so their means are the part's.
 *
 * @param images [N, d] unit rows
 * @returns [k or fewer, d] unit rows, the caller's
 * @source TAC eq. 3 and section 4.4.1
 */
export function findCentres(images: Tensor, options: TacOptions, context: MethodContext): Tensor {
  return scope(() => {
    const k = centreCount(images.shape[0] ?? 0, options);
    const { rows, labels } = groupImages(images, k, options, context);
    return semanticCentres(rows, labels, Math.max(k, labels.max().item() + 1));
  });
}

/** Images that were grouped, and int64 [n] the group of each, below 0 for images in none. */
function groupImages(
  images: Tensor,
  k: number,
  { centres, centrePoints: points, centreRestarts: restarts, centreRounds: maxIterations }: TacOptions,
  context: MethodContext,
): { rows: Tensor; labels: Tensor } {
  if (centres === 'k-means') {
    const settings = { k, points, restarts, usualStarts: USUAL_STARTS, maxIterations, stream: 'centres' };
    return { rows: images, labels: sampledKmeans(images, settings, context).labels };
  }
  const rows = sampleRows(images, k, points, seedStream(context.seed, 'centres-points'));
  return { rows, labels: groupRows(rows, k, centres, context).to({ device: rows.device }) };
}

/** k-means starts for the centres where none are asked for. */
const USUAL_STARTS = 3;

function groupRows(
  rows: Tensor,
  k: number,
  centres: Exclude<TacOptions['centres'], 'k-means'>,
  { seed, signal }: MethodContext,
): Tensor {
  switch (centres) {
    case 'agglomerative':
      return agglomerative(rows, k, { signal });
    case 'spectral': {
      using random = generator(seedStream(seed, 'centres'));
      return spectralClustering(rows, { k, generator: random, signal }).labels;
    }
    case 'dbscan':
      return densityGroups(rows, k, signal);
    case 'all-nouns':
      return torch.zeros([rows.shape[0] ?? 0], { dtype: 'int64' });
  }
}

/** Halvings of the range in which the radius is sought. */
const RADIUS_STEPS = 12;
/** Largest Euclidean distance of two unit rows. */
const FARTHEST = 2;

/**
 * DBSCAN with the radius that gives about k groups: of those that are tried, the one with the nearest number. Rows outside all groups
 * count for no centre.
 *
 * @source TAC section 4.4.1, "we tune the density parameter until it produces the same number of clusters"
 */
function densityGroups(rows: Tensor, k: number, signal: AbortSignal | undefined): Tensor {
  let [low, high] = [0, FARTHEST];
  let best: { labels: Tensor; miss: number } | undefined;
  for (let step = 0; step < RADIUS_STEPS && best?.miss !== 0; step++) {
    const radius = (low + high) / 2;
    const { labels, groups } = dbscan(rows, { radius, signal });
    const miss = Math.abs(groups - k);
    if (groups > 0 && (best === undefined || miss < best.miss)) best = { labels, miss };
    // From small to large the number rises as groups become dense, and falls as they join: the few outside tell which it is.
    const outside = labels.lt(0).to('float32').mean().item();
    if (groups > k || (groups < k && outside < MOSTLY_INSIDE))
      [low, high] = groups > k ? [radius, high] : [low, radius];
    else low = radius;
  }
  if (best === undefined) {
    throw new MusterError('tac.centres', 'DBSCAN finds no dense images at any radius', {
      fix: 'use another way to find centres',
    });
  }
  return best.labels;
}

/** Below this share of rows outside all groups, too few groups mean that they have joined. */
const MOSTLY_INSIDE = 0.5;
