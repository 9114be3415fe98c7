import type { Tensor } from '@muster/torch';
import { scope } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';

/** Below this many entries a table is turned into float64: exact enough for every tie, and cheap. */
export const DOUBLE_LIMIT = 1 << 20;

/** Rows whose mean is this many times longer than their spread lose digits in float32 products: they are centred first. */
const CENTRE_RATIO = 4;

/** Rows looked at to judge where the data lie. */
const SAMPLE_ROWS = 4096;

/** Number of rows and columns of a table. @throws MusterError cluster.rows where it has another shape. */
export function tableShape(x: Tensor, name: string): [number, number] {
  const [n, d, ...rest] = x.shape;
  if (n === undefined || d === undefined || rest.length > 0) {
    throw new MusterError('cluster.rows', `${name} has the shape [${x.shape.join(', ')}]`, {
      fix: 'pass rows: [n, d]',
    });
  }
  return [n, d];
}

/** Calls `visit` with successive ranges of at most `size` rows, each in a scope of its own. */
export function forBlocks(n: number, size: number, visit: (start: number, length: number) => void): void {
  for (let start = 0; start < n; start += size) {
    scope(() => visit(start, Math.min(size, n - start)));
  }
}

/** Euclidean norm of each row, [n], clamped below at 1e-12 so that it can divide. */
export function rowNorms(x: Tensor, blockRows: number): Tensor {
  const [n] = tableShape(x, 'the table');
  const norms = torch.empty([n], { dtype: x.dtype, device: x.device });
  forBlocks(n, blockRows, (start, length) => {
    norms.narrow(0, start, length).copy_(torch.linalgVectorNorm(x.narrow(0, start, length), 2, [1]).clampMin(1e-12));
  });
  return norms;
}

/** Squared Euclidean norm of each row, [n], exact on small integers. */
export function rowSquares(x: Tensor, blockRows: number): Tensor {
  const [n] = tableShape(x, 'the table');
  const squares = torch.empty([n], { dtype: x.dtype, device: x.device });
  forBlocks(n, blockRows, (start, length) => {
    const rows = x.narrow(0, start, length);
    squares.narrow(0, start, length).copy_(rows.mul(rows).sum([1]));
  });
  return squares;
}

/**
 * The offset to take from all rows before float32 products, or null where they lie close enough to the origin. Judged
 * by at most 4,096 evenly spaced rows: any point near the data serves.
 * @returns float64 [d] or null
 */
export function offsetOf(x: Tensor): Tensor | null {
  return scope(() => {
    const [n] = tableShape(x, 'the table');
    const step = Math.max(1, Math.floor(n / SAMPLE_ROWS));
    const sample = x.slice(0, 0, undefined, step).to('float64');
    const mean = sample.mean([0]);
    const length = mean.mul(mean).sum().item();
    const spread = Math.max(sample.mul(sample).sum().item() / (sample.shape[0] ?? 1) - length, 0);
    return length > CENTRE_RATIO ** 2 * spread ? mean : null;
  });
}

/** @throws MusterError cluster.nan where a row holds NaN or an infinity. */
export function refuseNonFinite(x: Tensor, name: string, blockRows: number): void {
  const [n] = tableShape(x, name);
  forBlocks(n, blockRows, (start, length) => {
    const sums = x.narrow(0, start, length).sum([1]);
    if (sums.isfinite().all().item() === 1) return;
    const bad = x.narrow(0, start, length).isfinite().all(1).logicalNot().nonzero();
    // A sum of finite numbers may overflow: only rows that hold something else are refused.
    if (bad.numel > 0) {
      throw new MusterError('cluster.nan', `row ${start + bad.select(0, 0).item()} of ${name} is not finite`, {
        fix: 'remove rows with NaN or infinite entries',
      });
    }
  });
}
