import { scope, tensor } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { tableShape } from './rows.ts';
import { components, multiplier, rowSums, scaleBoth, toDense } from './sparse-rows.ts';
import type { SparseRows } from './sparse-rows.ts';
import { largestEigenpairs } from './subspace-iteration.ts';

/** Settings of {@link spectralEmbedding}. */
export interface SpectralEmbeddingOptions {
  /** Eigenvectors wanted. */
  readonly k: number;
  /** Length that L v - λ v may have. Default 1e-6 (whole matrices of more than 2,000 rows: 1e-5). */
  readonly tolerance?: number;
  /** Source of the first vectors of the iteration. */
  readonly generator: Generator;
  readonly signal?: AbortSignal | undefined;
}

/** The lower end of a graph's spectrum. */
export interface SpectralEmbedding {
  /** float64 [k]: the least eigenvalues of the normalised Laplacian, ascending. */
  readonly eigenvalues: Tensor;
  /** float64 [n, k]: their eigenvectors, orthonormal. */
  readonly subspace: Tensor;
  /** The largest length of L v - λ v; above the tolerance where the iteration ran out of rounds. */
  readonly residual: number;
}

/** Rows up to which all eigenvectors are computed at once. */
const DIRECT_LIMIT = 2000;

/**
 * The least eigenpairs of L = I - D^-1/2 A D^-1/2. The diagonal of A is ignored; a row without affinities is a
 * component of its own, with eigenvalue 0.
 *
 * @param affinity symmetric, entries at least 0: float64 [n, n], or sparse rows
 * @throws MusterError spectral.affinity, cluster.k
 */
export function spectralEmbedding(affinity: Tensor | SparseRows, options: SpectralEmbeddingOptions): SpectralEmbedding {
  return scope(() =>
    torch.noGrad(() => {
      const n = 'offsets' in affinity ? affinity.n : squareSize(affinity);
      if (!Number.isInteger(options.k) || options.k < 1 || options.k > n) {
        throw new MusterError('cluster.k', `${options.k} groups of ${n} rows`, { fix: `ask for 1 to ${n} groups` });
      }
      if ('offsets' in affinity)
        return n > DIRECT_LIMIT ? sparsePairs(affinity, options) : direct(toDense(affinity), options.k);
      return n > DIRECT_LIMIT ? densePairs(affinity, options) : direct(affinity, options.k);
    }),
  );
}

function squareSize(affinity: Tensor): number {
  const [n, m] = tableShape(affinity, 'the affinities');
  const valid = n === m && affinity.ge(0).all().item() === 1 && affinity.isfinite().all().item() === 1;
  if (!valid || affinity.sub(affinity.t()).abs().max().item() > 1e-6 * affinity.max().item()) {
    throw new MusterError(
      'spectral.affinity',
      `affinities ${String(affinity)} are not square, symmetric and at least 0`,
      {
        fix: 'pass (A + A^T) / 2 of finite affinities',
      },
    );
  }
  return n;
}

/** D^-1/2 A D^-1/2 without the diagonal; rows without affinities have 1 there, which makes their eigenvalue of L zero. */
function normalised(affinity: Tensor): Tensor {
  const matrix = affinity.clone();
  matrix.fillDiagonal_(0);
  const degrees = matrix.sum([1]);
  const roots = torch.where(degrees.gt(0), degrees.rsqrt(), torch.zerosLike(degrees));
  matrix.mul_(roots.unsqueeze(1)).mul_(roots);
  matrix.diagonal().copy_(degrees.le(0));
  return matrix;
}

function direct(affinity: Tensor, k: number): SpectralEmbedding {
  const matrix = normalised(affinity.to('float64'));
  const [values, vectors] = torch.linalgEigh(matrix);
  const largest = values.flip([0]).narrow(0, 0, k);
  const subspace = vectors.flip([1]).narrow(1, 0, k).contiguous();
  const residual = torch
    .linalgVectorNorm(matrix.mm(subspace).sub(subspace.mul(largest)), 2, [0])
    .max()
    .item();
  return { eigenvalues: torch.rsub(largest, 1), subspace, residual };
}

function densePairs(
  affinity: Tensor,
  { k, tolerance = 1e-5, generator, signal }: SpectralEmbeddingOptions,
): SpectralEmbedding {
  const matrix = normalised(affinity);
  const multiply = (x: Tensor): Tensor => matrix.mm(x.to(matrix.dtype)).to(x.dtype);
  const { values, vectors, residual } = largestEigenpairs(multiply, matrix.shape[0] ?? 0, {
    k,
    tolerance,
    generator,
    signal,
  });
  return { eigenvalues: torch.rsub(values, 1), subspace: vectors, residual };
}

/** Each component of the graph has one eigenvector of eigenvalue 0, which is known; the iteration looks for the rest. */
function sparsePairs(
  affinity: SparseRows,
  { k, tolerance = 1e-6, generator, signal }: SpectralEmbeddingOptions,
): SpectralEmbedding {
  const { n } = affinity;
  const graph = withoutDiagonal(affinity);
  const degrees = rowSums(graph);
  const parts = components(graph);
  const known = componentVectors(degrees, parts, Math.min(parts.count, k));
  const rest = k - (known.shape[1] ?? 0);
  if (rest === 0) return { eigenvalues: torch.zeros([k], { dtype: 'float64' }), subspace: known, residual: 0 };
  const multiply = multiplier(
    scaleBoth(
      graph,
      degrees.map((degree) => (degree > 0 ? 1 / Math.sqrt(degree) : 0)),
    ),
  );
  const { values, vectors, residual } = largestEigenpairs(multiply, n, {
    k: rest,
    tolerance,
    known,
    generator,
    signal,
  });
  return {
    eigenvalues: torch.cat([torch.zeros([k - rest], { dtype: 'float64' }), torch.rsub(values, 1)]),
    subspace: torch.cat([known, vectors], 1),
    residual,
  };
}

/** float64 [n, count]: for the largest components, the roots of their rows' degrees, scaled to unit length. */
function componentVectors(
  degrees: Float64Array,
  { labels, count }: { readonly labels: Int32Array; readonly count: number },
  wanted: number,
): Tensor {
  const volumes = new Float64Array(count);
  labels.forEach((part, i) => (volumes[part] = (volumes[part] ?? 0) + (degrees[i] ?? 0)));
  const largest = Array.from(volumes.keys()).sort((a, b) => (volumes[b] ?? 0) - (volumes[a] ?? 0) || a - b);
  const columns = new Int32Array(count).fill(-1);
  largest.slice(0, wanted).forEach((part, column) => (columns[part] = column));
  const vectors = new Float64Array(labels.length * wanted);
  labels.forEach((part, i) => {
    const column = columns[part] ?? -1;
    const volume = volumes[part] ?? 0;
    if (column >= 0) vectors[i * wanted + column] = volume > 0 ? Math.sqrt((degrees[i] ?? 0) / volume) : 1;
  });
  return tensor(vectors, [labels.length, wanted]);
}

function withoutDiagonal({ n, offsets, targets, weights }: SparseRows): SparseRows {
  const kept = weights.slice();
  for (let i = 0; i < n; i++) {
    for (let at = offsets[i] ?? 0; at < (offsets[i + 1] ?? 0); at++) if (targets[at] === i) kept[at] = 0;
  }
  return { n, offsets, targets, weights: kept };
}
