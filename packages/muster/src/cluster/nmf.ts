import { scope } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { forBlocks, refuseNonFinite, tableShape } from './rows.ts';

/** `mu`: multiplicative updates; `cd`: cyclic coordinate descent. */
export type NmfSolver = 'mu' | 'cd';

/** Settings of {@link nmfFrom}. */
export interface NmfIterationOptions {
  /** Default cd. */
  readonly solver?: NmfSolver;
  /** Rounds of updating W, then H, at most. Default 200. */
  readonly iterations?: number;
  /** Stop when ten rounds lower the error by less than this share of the first error; null: never. Default 1e-4. */
  readonly tolerance?: number | null;
  /** Ends the search between two rounds. */
  readonly signal?: AbortSignal;
}

/** Settings of {@link nmf}. */
export interface NmfOptions extends NmfIterationOptions {
  /** Number of components. */
  readonly k: number;
  /** Source of the start. */
  readonly generator: Generator;
}

/** A factorisation x ~ W H, of x's type. */
export interface Factorisation {
  /** [n, k], at least 0. */
  readonly w: Tensor;
  /** [k, d], at least 0. */
  readonly h: Tensor;
  /** Frobenius norm of x - W H. */
  readonly error: number;
  readonly iterations: number;
}

/** In place of a zero denominator: float32's epsilon. */
const ZERO_DENOMINATOR = 2 ** -23;
const CHECK_EVERY = 10;

/**
 * Non-negative factorisation from a random start: |normal| entries scaled to the table's mean.
 * @param x [n, d], float32 or float64, at least 0
 * @throws MusterError nmf.negative, cluster.k, cluster.rows, cluster.nan
 */
export function nmf(x: Tensor, { k, generator, ...options }: NmfOptions): Factorisation {
  return scope(() => {
    const [n, d] = tableShape(x, 'the table');
    if (!Number.isInteger(k) || k < 1)
      throw new MusterError('cluster.k', `${k} components`, { fix: 'ask for at least 1' });
    const size = Math.sqrt(Math.max(x.mean([], false, { dtype: 'float64' }).item(), 0) / k);
    const draw = (shape: number[]): Tensor => torch.randn(shape, { generator, dtype: x.dtype }).abs_().mul_(size);
    const h = draw([k, d]);
    return nmfFrom(x, draw([n, k]), h, options);
  });
}

/**
 * Non-negative factorisation under the squared Frobenius error from given factors.
 * @param x [n, d], float32 or float64, at least 0
 * @param w [n, k]
 * @param h [k, d]
 * @throws MusterError nmf.negative, cluster.rows, cluster.nan
 * @source mu: Lee and Seung, 2001; cd: Cichocki and Phan, 2009
 */
export function nmfFrom(x: Tensor, w: Tensor, h: Tensor, options: NmfIterationOptions = {}): Factorisation {
  const { solver = 'cd', iterations = 200, tolerance = 1e-4, signal } = options;
  return scope(() =>
    torch.noGrad(() => {
      refuseNonFinite(x, 'the table', 4096);
      if ([x, w, h].some((table) => table.numel > 0 && table.amin().item() < 0)) {
        throw new MusterError('nmf.negative', 'a table to factorise holds negative entries', {
          fix: 'shift it so that all are at least 0, or take pixels',
        });
      }
      const step = solver === 'mu' ? multiplicativeRound : descentRound;
      const factors = { w: w.to(x.dtype).t().clone({ memoryFormat: 'contiguous' }), h: h.to(x.dtype).clone() };
      let [first, last] = [NaN, NaN];
      let done = 0;
      for (; done < iterations; done++) {
        signal?.throwIfAborted();
        if (tolerance !== null && done % CHECK_EVERY === 0) {
          const error = errorOf(x, factors);
          if (done > 0 && last - error < tolerance * first) break;
          first = done === 0 ? error : first;
          last = error;
        }
        scope(() => step(x, factors));
      }
      return { w: factors.w.t().contiguous(), h: factors.h, error: errorOf(x, factors), iterations: done };
    }),
  );
}

/** W is kept transposed, so that a component's entries lie together. Updated in place. */
interface Factors {
  /** [k, n] */
  readonly w: Tensor;
  /** [k, d] */
  readonly h: Tensor;
}

function multiplicativeRound(x: Tensor, { w, h }: Factors): void {
  const scaled = (factor: Tensor, numerator: Tensor, gram: Tensor): Tensor => {
    const denominator = gram.mm(factor);
    return factor.mul_(numerator.div_(denominator.maskedFill_(denominator.eq(0), ZERO_DENOMINATOR)));
  };
  scaled(w, h.mm(x.t()), h.mm(h.t()));
  scaled(h, w.mm(x), w.mm(w.t()));
}

function descentRound(x: Tensor, { w, h }: Factors): void {
  descend(w, h.mm(h.t()), h.mm(x.t()));
  descend(h, w.mm(w.t()), w.mm(x));
}

/** One pass over the components: rows of `factor` [k, m], of gram [k, k] and of the targets [k, m]. */
function descend(factor: Tensor, gram: Tensor, targets: Tensor): void {
  const diagonal = gram.diagonal().toNumbers();
  diagonal.forEach((curvature, t) => {
    if (curvature === 0) return;
    scope(() => {
      const gradient = gram.narrow(0, t, 1).mm(factor).squeeze(0).sub_(targets.select(0, t));
      const row = factor.select(0, t);
      row.sub_(gradient.div_(curvature)).clampMin_(0);
    });
  });
}

function errorOf(x: Tensor, { w, h }: Factors): number {
  let sum = 0;
  forBlocks(x.shape[0] ?? 0, 4096, (start, length) => {
    const difference = x.narrow(0, start, length).sub(w.narrow(1, start, length).t().mm(h));
    sum += difference.square_().sum([], false, { dtype: 'float64' }).item();
  });
  return Math.sqrt(sum);
}
