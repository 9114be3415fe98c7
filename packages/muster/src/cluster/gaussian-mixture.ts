import { scope } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { covarianceKind, densityFunction } from './gaussian-density.ts';
import type { CovarianceKind, MixtureParameters, RowRange } from './gaussian-density.ts';
import { addMoments, cancelled, emptyMoments, parametersOf, replaceMoments } from './gaussian-moments.ts';
import type { Moments } from './gaussian-moments.ts';
import { kmeans } from './kmeans.ts';
import { forBlocks, refuseNonFinite, tableShape } from './rows.ts';

/** Settings of {@link emMixture}. */
export interface EmOptions {
  /** EM iterations, at most. Default 100. */
  readonly iterations?: number;
  /** Stop when the mean log-likelihood changes by less; null: never. Default 1e-3. */
  readonly tolerance?: number | null;
  /** Added to every variance. Default 1e-6. */
  readonly ridge?: number;
  /** Ends the search between two iterations. */
  readonly signal?: AbortSignal;
}

/** Settings of {@link gaussianMixture}. */
export interface GaussianMixtureOptions extends EmOptions {
  /** Number of components. */
  readonly k: number;
  /** Default diag. */
  readonly covariance?: CovarianceKind;
  /** k-means starts to try; the mixture of the largest likelihood is kept. Default 1. */
  readonly restarts?: number;
  /** Source of the starts. */
  readonly generator: Generator;
}

/** A fitted mixture. */
export interface MixtureFit extends MixtureParameters {
  /** Mean log density of the rows when the last iteration began. */
  readonly logLikelihood: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Rows under a mixture. */
export interface MixturePosterior {
  /** [n, k] in the rows' type. */
  readonly responsibilities: Tensor;
  /** int64 [n]: the component of the largest responsibility. */
  readonly labels: Tensor;
  /** Mean log density of the rows. */
  readonly logLikelihood: number;
}

/** Entries of a block's largest intermediate: some MB, near the cores' caches. */
const BLOCK_ENTRIES = 1 << 19;

/** Rows of a block. */
function blockRows(kind: CovarianceKind, k: number, d: number): number {
  const perRow = kind === 'full' ? k * d : Math.max(k, d);
  return Math.min(Math.max(Math.floor(BLOCK_ENTRIES / perRow), 64), 2048);
}

/**
 * Gaussian mixture by expectation maximisation from k-means partitions.
 * @param x [n, d], float32 or float64: computed in this type, sums over rows in float64
 * @throws MusterError cluster.rows, cluster.nan, cluster.k as k-means does; mixture.singular
 * @source Dempster, Laird and Rubin, 1977
 */
export function gaussianMixture(x: Tensor, options: GaussianMixtureOptions): MixtureFit {
  const { k, covariance = 'diag', restarts = 1, generator, ...em } = options;
  return scope(() =>
    torch.noGrad(() => {
      let best: MixtureFit | undefined;
      for (let run = 0; run < Math.max(1, restarts); run++) {
        const fit = scope(() => {
          const { labels } = kmeans(x, { k, restarts: 1, generator, signal: em.signal });
          return emMixture(x, partitionMixture(x, labels, k, covariance, em.ridge), em);
        });
        if (best === undefined || fit.logLikelihood > best.logLikelihood) best = fit;
      }
      if (best === undefined) throw new MusterError('mixture.start', 'no start was tried', { kind: 'internal' });
      return best;
    }),
  );
}

/**
 * Expectation maximisation from given parameters. The kind of covariance is the start's.
 * @param x [n, d], float32 or float64
 * @throws MusterError cluster.rows, cluster.nan, mixture.singular
 */
export function emMixture(x: Tensor, start: MixtureParameters, options: EmOptions = {}): MixtureFit {
  const { iterations = 100, tolerance = 1e-3, ridge = 1e-6, signal } = options;
  return scope(() =>
    torch.noGrad(() => {
      const range = rangeOf(x);
      let parameters: MixtureParameters = inDouble(start);
      let logLikelihood = -Infinity;
      let done = 0;
      let converged = false;
      while (done < iterations && !converged) {
        signal?.throwIfAborted();
        const step = scope(() => emStep(x, parameters, range, ridge));
        converged = tolerance !== null && Math.abs(step.logLikelihood - logLikelihood) < tolerance;
        if (done > 0) for (const old of [parameters.weights, parameters.means, parameters.covariances]) old.dispose();
        ({ parameters, logLikelihood } = step);
        done++;
      }
      return { ...parameters, logLikelihood, iterations: done, converged };
    }),
  );
}

/** Responsibilities, labels and likelihood of rows under a mixture. @throws MusterError as {@link emMixture} */
export function mixturePosterior(x: Tensor, parameters: MixtureParameters): MixturePosterior {
  return scope(() =>
    torch.noGrad(() => {
      const [n, d] = tableShape(x, 'the table');
      const k = parameters.weights.numel;
      const wide = inDouble(parameters);
      const density = densityFunction(wide, x.dtype, rangeOf(x));
      const responsibilities = torch.empty([n, k], { dtype: x.dtype, device: x.device });
      let total = 0;
      forBlocks(n, blockRows(covarianceKind(wide), k, d), (start, length) => {
        const { logDensity } = density(x.narrow(0, start, length));
        total += logDensity.logsumexp([0]).sum([], false, { dtype: 'float64' }).item();
        responsibilities.narrow(0, start, length).copy_(logDensity.softmax(0).t());
      });
      return { responsibilities, labels: responsibilities.argmax(1), logLikelihood: total / n };
    }),
  );
}

/**
 * The mixture of a partition: weights, means and covariances of its clusters.
 * @param labels int64 [n], 0..k-1
 */
export function partitionMixture(
  x: Tensor,
  labels: Tensor,
  k: number,
  kind: CovarianceKind,
  ridge = 1e-6,
): MixtureParameters {
  return scope(() => {
    const [n, d] = tableShape(x, 'the table');
    const { centre } = rangeOf(x);
    const pass = (centres: Tensor, components: readonly number[] | null): Moments => {
      const moments = emptyMoments(centres, kind);
      forBlocks(n, blockRows(kind, k, d), (start, length) => {
        const hot = torch.zeros([k, length], { dtype: x.dtype, device: x.device });
        hot.scatter_(0, labels.narrow(0, start, length).unsqueeze(0), 1);
        addMoments(moments, chosen(hot, components), apart(x.narrow(0, start, length), centres));
      });
      return moments;
    };
    const first = pass(centre.unsqueeze(0).expand([k, d]), null);
    return refined(first, ridge, x.dtype === 'float64', pass);
  });
}

/** One E and one M step. */
function emStep(
  x: Tensor,
  parameters: MixtureParameters,
  range: RowRange,
  ridge: number,
): { parameters: MixtureParameters; logLikelihood: number } {
  const [n, d] = tableShape(x, 'the table');
  const k = parameters.weights.numel;
  const kind = covarianceKind(parameters);
  const density = densityFunction(parameters, x.dtype, range);
  const centres = kind === 'full' ? parameters.means : range.centre.unsqueeze(0).expand([k, d]);
  // Rows less the rounded means, as the densities take them.
  const rounded = kind === 'full' ? centres.to(x.dtype).to('float64') : centres;
  let total = 0;
  const pass = (around: Tensor, components: readonly number[] | null): Moments => {
    const moments = emptyMoments(around, kind);
    total = 0;
    forBlocks(n, blockRows(kind, k, d), (start, length) => {
      const block = x.narrow(0, start, length);
      const { logDensity, rows } = density(block);
      total += logDensity.logsumexp([0]).sum([], false, { dtype: 'float64' }).item();
      const shares = chosen(logDensity.softmax(0), components);
      addMoments(moments, shares, components === null ? rows : apart(block, around));
    });
    return moments;
  };
  const next = refined(pass(rounded, null), ridge, x.dtype === 'float64', pass);
  return { parameters: next, logLikelihood: total / n };
}

/** Parameters from moments; where digits were lost, those components' moments are taken again around their new means. */
function refined(
  moments: Moments,
  ridge: number,
  wide: boolean,
  pass: (centres: Tensor, components: readonly number[]) => Moments,
): MixtureParameters {
  const parameters = parametersOf(moments, ridge);
  const lost = cancelled(moments, parameters, ridge, wide);
  if (lost.length === 0) return parameters;
  const index = torch.tensor(BigInt64Array.from(lost, BigInt)).to({ device: moments.counts.device });
  const dtype = wide ? 'float64' : 'float32';
  const again = pass(parameters.means.indexSelect(0, index).to(dtype).to('float64'), lost);
  return parametersOf(replaceMoments(moments, lost, again), ridge);
}

function chosen(shares: Tensor, components: readonly number[] | null): Tensor {
  if (components === null) return shares;
  const index = torch.tensor(BigInt64Array.from(components, BigInt)).to({ device: shares.device });
  return shares.indexSelect(0, index);
}

function apart(block: Tensor, centres: Tensor): { differences: Tensor } {
  return { differences: block.unsqueeze(0).sub(centres.to(block.dtype).unsqueeze(1)) }; // (k, b, d)
}

function inDouble({ weights, means, covariances }: MixtureParameters): MixtureParameters {
  return { weights: weights.to('float64'), means: means.to('float64'), covariances: covariances.to('float64') };
}

function rangeOf(x: Tensor): RowRange {
  tableShape(x, 'the table');
  refuseNonFinite(x, 'the table', 8192);
  // Rounded to the rows' type, so that rows less the centre are exact.
  const centre = x.mean([0], false, { dtype: 'float64' }).to(x.dtype).to('float64');
  const above = x.amax([0]).to('float64').sub(centre);
  const below = centre.sub(x.amin([0]).to('float64'));
  return { centre, reach: torch.maximum(above, below) };
}
