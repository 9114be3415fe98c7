import { scope } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** Settings of {@link largestEigenpairs}. */
export interface EigenOptions {
  /** Eigenpairs wanted. */
  readonly k: number;
  /** Length that A v - λ v may have. Default 1e-6. */
  readonly tolerance?: number;
  /** Rounds of filtering, at most. Default 200. */
  readonly maxRounds?: number;
  /** Known eigenvectors to leave out, float64 [n, c] with orthonormal columns. */
  readonly known?: Tensor | null;
  /** Source of the first vectors. */
  readonly generator: Generator;
  readonly signal?: AbortSignal | undefined;
}

/** Eigenpairs, the largest eigenvalue first. */
export interface Eigenpairs {
  /** float64 [k] */
  readonly values: Tensor;
  /** float64 [n, k], orthonormal columns. */
  readonly vectors: Tensor;
  /** The largest length of A v - λ v. */
  readonly residual: number;
}

/** Residual down to which the filter runs in float32. */
const NARROW_RESIDUAL = 1e-4;

/** Growth of the largest eigenvector over the cut in one round, as a logarithm: more would bury the others in rounding. */
const LARGEST_GROWTH = 16;

/**
 * The largest eigenvalues of a symmetric matrix with all eigenvalues in [-1, 1], by subspace iteration with a Chebyshev
 * filter: a polynomial that is small on [-1, cut] and grows fast above, the cut being the least value of a subspace some
 * vectors wider than asked for.
 *
 * @param multiply products of the matrix with [n, m] tables, float32 and float64
 * @returns the pairs of the last round, whose `residual` may be above the tolerance if the rounds ran out
 * @source Zhou, Saad, Tiago and Chelikowsky, "Self-consistent-field calculations using Chebyshev-filtered subspace
 *   iteration", J. Comput. Phys. 219 (2006), algorithm 4.1
 */
export function largestEigenpairs(multiply: (x: Tensor) => Tensor, n: number, options: EigenOptions): Eigenpairs {
  const { k, tolerance = 1e-6, maxRounds = 200, known = null, generator, signal } = options;
  const width = Math.min(n - (known?.shape[1] ?? 0), k + Math.max(8, Math.ceil(k / 2)));
  return scope(() => {
    let basis = scope(() => orthonormal(torch.randn([n, width], { generator, dtype: 'float64' }), known));
    let found = scope(() => rayleighRitz(multiply, basis, k));
    for (let round = 0; round < maxRounds && !(found.residual <= tolerance); round++) {
      signal?.throwIfAborted();
      const next = scope(() => {
        const narrow = found.residual > NARROW_RESIDUAL;
        const start = narrow ? found.vectors.to('float32') : found.vectors;
        const filtered = chebyshev(multiply, start, degreeFor(found, tolerance), found.least);
        const turned = orthonormal(filtered.to('float64'), known);
        return { basis: turned, found: rayleighRitz(multiply, turned, k) };
      });
      for (const old of [basis, found.values, found.vectors]) old.dispose();
      ({ basis, found } = next);
    }
    const { values, vectors, residual } = found;
    return { values: values.narrow(0, 0, k).clone(), vectors: vectors.narrow(1, 0, k).contiguous(), residual };
  });
}

interface Ritz extends Eigenpairs {
  readonly least: number;
  readonly largest: number;
  readonly wanted: number;
}

/** Eigenpairs of the matrix within a subspace. */
function rayleighRitz(multiply: (x: Tensor) => Tensor, basis: Tensor, k: number): Ritz {
  const image = multiply(basis);
  const [ascending, turn] = torch.linalgEigh(basis.t().mm(image));
  const values = ascending.flip([0]);
  const rotation = turn.flip([1]);
  const vectors = basis.mm(rotation);
  const errors = torch.linalgVectorNorm(image.mm(rotation).sub(vectors.mul(values)).narrow(1, 0, k), 2, [0]);
  const numbers = values.toNumbers();
  return {
    values,
    vectors,
    residual: errors.max().item(),
    least: numbers[numbers.length - 1] ?? -1,
    largest: numbers[0] ?? 1,
    wanted: numbers[k - 1] ?? 1,
  };
}

/** Enough for the last wanted vector to reach the tolerance, within what rounding allows. */
function degreeFor({ residual, least, largest, wanted }: Ritz, tolerance: number): number {
  const growth = (value: number): number => Math.acosh(Math.max(1, (2 * value + 1 - least) / (1 + least)));
  const needed = Math.log((4 * residual) / tolerance) / Math.max(growth(wanted), 1e-3);
  const allowed = LARGEST_GROWTH / Math.max(growth(largest), 1e-3);
  return Math.ceil(Math.min(Math.max(needed, 8), Math.max(allowed, 8), 80));
}

/** T_m of the matrix mapped so that [-1, cut] becomes [-1, 1], times a table. */
function chebyshev(multiply: (x: Tensor) => Tensor, x: Tensor, degree: number, cut: number): Tensor {
  const half = Math.max((cut + 1) / 2, 1e-3);
  const centre = (cut - 1) / 2;
  return scope(() => {
    let before = x;
    let now = scope(() => multiply(x).sub(x, { alpha: centre }).div_(half));
    for (let m = 2; m <= degree; m++) {
      const next = scope(() =>
        multiply(now)
          .sub_(now, { alpha: centre })
          .mul_(2 / half)
          .sub_(before),
      );
      if (before !== x) before.dispose();
      [before, now] = [now, next];
    }
    return now;
  });
}

/** An orthonormal basis of the columns, without the known directions. */
function orthonormal(columns: Tensor, known: Tensor | null): Tensor {
  const scaled = columns.div(torch.linalgVectorNorm(columns, 2, [0], true).clampMin(1e-300));
  const [first] = torch.linalgQr(without(scaled, known));
  if (known === null) return first;
  const [second] = torch.linalgQr(without(first, known));
  return second;
}

function without(columns: Tensor, known: Tensor | null): Tensor {
  return known === null ? columns : columns.sub(known.mm(known.t().mm(columns)));
}
