import { generator, noGrad, scope, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { randomStream, seedStream } from '../base/index.ts';
import { kmeans, nearestNeighbours, pca, tsne, umap, type NeighbourMetric } from '../cluster/index.ts';
import { ari } from '../metrics/index.ts';

/**
 * Share of rows whose neighbour at each rank has the label of the row.
 *
 * @param x [n, d]
 * @param labels [n], all at least 0
 * @param k neighbours; at most n - 1
 * @returns [k], the nearest first
 * @source TSP figure 1
 */
export function labelConsistency(
  x: Tensor,
  labels: Int32Array,
  k: number,
  metric: NeighbourMetric,
  signal?: AbortSignal,
): number[] {
  return scope(() => {
    const { indices } = nearestNeighbours(x, { k, metric, signal }); // (n, k)
    const own = tensor(labels);
    const theirs = own.indexSelect(0, indices.view([-1])).view([labels.length, k]);
    return theirs.eq(own.unsqueeze(1)).to('float64').mean([0]).toNumbers();
  });
}

/** Share of pairs of rows with the same label: what neighbours drawn at random would reach. */
export function chanceConsistency(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const pairs = [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0);
  return labels.length < 2 ? 1 : pairs / (labels.length * (labels.length - 1));
}

/** At most `count` rows of those given, ascending: all, or a sample without repeats. */
export function sampleRows(rows: readonly number[], count: number, seed: number): number[] {
  if (rows.length <= count) return [...rows];
  const order = randomStream(seed, 'figures', 'sample').permutation(rows.length).subarray(0, count).sort();
  return Array.from(order, (at) => rows[at] ?? 0);
}

/** Above this many rows t-SNE's gradient is approximated: the exact one takes minutes. */
const exactRows = 800;

/** How embeddings are laid out in the plane. */
export type LayoutName = 'pca' | 'umap' | 'tsne';

/** Axes that t-SNE works on: beyond these there is hardly more than noise, and distances in fewer are quicker. */
const tsneAxes = 50;

/**
 * Lays rows out in the plane.
 *
 * @param x [n, d] unit rows, n at least 3
 * @returns x and y of each row in turn
 */
export function layOut(x: Tensor, name: LayoutName, seed: number, signal: AbortSignal): Float32Array {
  return scope(() =>
    noGrad(() => {
      const random = generator(seedStream(seed, 'figures', name));
      const [n = 0, d = 0] = x.shape;
      if (name === 'umap') return umap(x, { generator: random, neighbours: Math.min(15, n), signal }).toFloat32Array();
      const k = Math.min(name === 'pca' ? 2 : tsneAxes, n, d);
      const { scores } = pca(x, { k, generator: random, signal });
      return (
        name === 'pca'
          ? scores.to('float32')
          : tsne(scores, { generator: random, exactBelow: exactRows, iterations: 500, signal })
      ).toFloat32Array();
    }),
  );
}

/** ARI between the labels and spherical k-means on the rows with as many groups as there are labels. */
export function kMeansAgreement(x: Tensor, labels: Int32Array, seed: number, signal: AbortSignal): number {
  const k = new Set(labels).size;
  return scope(() => {
    const random = generator(seedStream(seed, 'figures', 'kmeans'));
    const found = kmeans(x, { k, metric: 'spherical', restarts: 10, generator: random, signal });
    return ari(labels, Int32Array.from(found.labels.toNumbers()));
  });
}

/** Rows of x as a tensor of their own. */
export function selectRows(x: Tensor, rows: readonly number[]): Tensor {
  return scope(() => x.indexSelect(0, torch.tensor(BigInt64Array.from(rows, BigInt))));
}
