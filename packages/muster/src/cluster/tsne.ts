import { noGrad, scope, tensor } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { DistanceMetric } from './condensed-distances.ts';
import { pca } from './pca.ts';
import { refuseNonFinite, rowNorms, tableShape } from './rows.ts';
import { denseAffinities, sparseAffinities } from './tsne-affinities.ts';
import { exactGradient, treeGradient } from './tsne-forces.ts';
import type { TsneGradient } from './tsne-forces.ts';

/** Settings of {@link tsne}. */
export interface TsneOptions {
  /** Effective number of neighbours; at most (n - 1) / 3 is used. Default 30. */
  readonly perplexity?: number;
  /** Default euclidean. */
  readonly metric?: DistanceMetric;
  /** Default 1000. */
  readonly iterations?: number;
  /** Factor of the attraction in the first quarter of the iterations. Default 12. */
  readonly exaggeration?: number;
  /** Default: n over four times the exaggeration, at least 50. */
  readonly learningRate?: number;
  /** Cells of the tree whose side is less than this share of their distance count as one point. Default 0.5. */
  readonly theta?: number;
  /** Rows below which the gradient is exact. Default 5000. */
  readonly exactBelow?: number;
  /** Source of the start where the rows have no principal components. */
  readonly generator: Generator;
  /** Called after each iteration. */
  readonly onIteration?: (done: number, iterations: number) => void;
  readonly signal?: AbortSignal;
}

const START_DEVIATION = 1e-4;
const EARLY_SHARE = 0.25;
const MOMENTUM = { early: 0.5, late: 0.8 } as const;
const LEAST_GAIN = 0.01;

/**
 * t-SNE to two dimensions: gradient descent with momentum from the first two principal components. The gradient is
 * exact for small tables; above, it looks at near pairs and at the cells of a quadtree.
 *
 * @param x [n, d], float32 or float64
 * @returns float32 [n, 2]
 * @throws MusterError cluster.rows, cluster.nan; tsne.perplexity
 * @source van der Maaten and Hinton, 2008; van der Maaten, 2014; start and learning rate: Kobak and Berens, 2019
 */
export function tsne(x: Tensor, options: TsneOptions): Tensor {
  const { onIteration, signal } = options;
  return scope(() => {
    using descent = new TsneDescent(x, options);
    while (descent.done < descent.iterations) {
      signal?.throwIfAborted();
      descent.step();
      onIteration?.(descent.done, descent.iterations);
    }
    return descent.layout();
  });
}

/** The descent of {@link tsne} iteration by iteration, for callers that have other things to do in between. */
export class TsneDescent implements Disposable {
  readonly iterations: number;
  #done = 0;
  readonly #exaggeration: number;
  readonly #rate: number;
  readonly #gradientAt: TsneGradient | null;
  /** What the gradient reads: [n, n]. */
  readonly #affinities: Tensor | null;
  readonly #y: Float64Array;
  readonly #gradient: Float64Array;
  readonly #velocity: Float64Array;
  readonly #gains: Float64Array;

  /** As {@link tsne}; finds the affinities, but takes no step yet. */
  constructor(x: Tensor, options: TsneOptions) {
    const { perplexity = 30, metric = 'euclidean', theta = 0.5, exactBelow = 5000, signal } = options;
    const { iterations = 1000, exaggeration = 12 } = options;
    if (!(perplexity > 1)) {
      throw new MusterError('tsne.perplexity', `perplexity ${perplexity}`, { fix: 'take more than 1', kind: 'usage' });
    }
    const [n] = tableShape(x, 'the table');
    scope(() => refuseNonFinite(x, 'the table', 4096));
    const wanted = Math.max(1.01, Math.min(perplexity, (n - 1) / 3));
    const isTiny = n < 4;
    this.iterations = isTiny ? 0 : iterations;
    this.#exaggeration = exaggeration;
    this.#rate = options.learningRate ?? Math.max(n / exaggeration / 4, 50);
    this.#y = scope(() => noGrad(() => startingPoints(x, options).toFloat64Array()));
    this.#affinities = isTiny || n >= exactBelow ? null : scope(() => noGrad(() => denseAffinities(x, wanted, metric)));
    if (isTiny) this.#gradientAt = null;
    else if (this.#affinities !== null) this.#gradientAt = exactGradient(this.#affinities);
    else {
      const near = scope(() => noGrad(() => sparseAffinities(x, wanted, metric, signal)));
      this.#gradientAt = treeGradient(near, theta);
    }
    this.#gradient = new Float64Array(2 * n);
    this.#velocity = new Float64Array(2 * n);
    this.#gains = new Float64Array(2 * n).fill(1);
  }

  /** Iterations that were made. */
  get done(): number {
    return this.#done;
  }

  /** One iteration, with momentum and a gain for each coordinate, which grows while its gradient keeps its direction. */
  step(): void {
    const early = Math.floor(EARLY_SHARE * this.iterations);
    const isEarly = this.#done < early;
    const [y, velocity, gains] = [this.#y, this.#velocity, this.#gains];
    noGrad(() => this.#gradientAt?.(y, isEarly ? this.#exaggeration : 1, this.#gradient));
    if (this.#done === early) {
      velocity.fill(0);
      gains.fill(1);
    }
    const momentum = isEarly ? MOMENTUM.early : MOMENTUM.late;
    for (let c = 0; c < y.length; c++) {
      const slope = this.#gradient[c] ?? 0;
      const speed = velocity[c] ?? 0;
      const gain = Math.max(LEAST_GAIN, speed * slope < 0 ? (gains[c] ?? 0) + 0.2 : (gains[c] ?? 0) * 0.8);
      gains[c] = gain;
      velocity[c] = momentum * speed - this.#rate * gain * slope;
      y[c] = (y[c] ?? 0) + (velocity[c] ?? 0);
    }
    this.#done += 1;
  }

  /** float32 [n, 2]: where the points are. The caller's. */
  layout(): Tensor {
    return tensor(Float32Array.from(this.#y), [this.#y.length / 2, 2]);
  }

  [Symbol.dispose](): void {
    this.#affinities?.dispose();
  }
}

/** float64 [n, 2], standard deviation 1e-4 along the first axis. */
function startingPoints(x: Tensor, { metric = 'euclidean', generator, signal }: TsneOptions): Tensor {
  const [n, d] = tableShape(x, 'the table');
  const random = torch.randn([n, 2], { generator, dtype: 'float64' });
  if (n < 2 || d < 1) return random.mul_(START_DEVIATION);
  const rows = metric === 'cosine' ? x.div(rowNorms(x, 4096).unsqueeze(1)) : x;
  const k = Math.min(2, d, n);
  const scores = pca(rows, { k, generator, signal }).scores.to('float64');
  const deviation = scores.select(1, 0).square().mean().sqrt().item();
  if (!(deviation > 0)) return random.mul_(START_DEVIATION);
  const axes = torch.cat([scores, random.narrow(1, 0, 2 - k)], 1);
  return axes.mul(START_DEVIATION / deviation);
}
