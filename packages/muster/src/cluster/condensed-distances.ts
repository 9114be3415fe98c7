import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { products } from './products.ts';
import { forBlocks, offsetOf, refuseNonFinite, rowNorms, tableShape } from './rows.ts';

/** How rows are compared: by Euclidean distance, or by 1 - cosine similarity (1 for a row of zeros). */
export type DistanceMetric = 'euclidean' | 'cosine';

/** Distances between all pairs of n rows, each once. */
export interface CondensedDistances {
  readonly n: number;
  /** [n (n - 1) / 2]: distance of rows i < j at `starts[i] + j`. */
  readonly values: Float32Array | Float64Array;
  /** [n] */
  readonly starts: Float64Array;
}

/** Up to this many multiplications distances are taken from differences in float64. */
const EXACT_WORK = 2e9;

/** Entries of a block of distances. */
const BLOCK_ENTRIES = 1 << 22;

/** Squared distances this much below the rows' own squares are noise of the products: they are taken anew. */
const NOISE = { float32: 1e-5, float64: 1e-10 } as const;

/** Pairs taken anew in each block, at most, for every row of the block. Where more are that near, rows are copies. */
const ANEW_PER_ROW = 64;

/**
 * All distances of a table, computed in blocks. Small tables and float64 ones give float64; of large tables, distances
 * far below the rows' length are exact to about 1e-3 of that length in float32 where a row has many copies.
 * @param x [n, d], float32 or float64
 * @param squared Euclidean distances are left squared
 * @throws MusterError cluster.rows, cluster.nan
 */
export function condensedDistances(x: Tensor, metric: DistanceMetric, squared: boolean): CondensedDistances {
  const [n] = tableShape(x, 'the table');
  const { wide, block } = distanceBlocks(x, metric, squared);
  const values = wide ? new Float64Array((n * (n - 1)) / 2) : new Float32Array((n * (n - 1)) / 2);
  const starts = Float64Array.from({ length: n }, (_, i) => i * n - (i * (i + 1)) / 2 - i - 1);
  forBlocks(n, distanceBlockRows(n), (start, length) => {
    const table = block(start, length).contiguous(); // rows start.., columns start..n
    const { buffer, byteOffset } = table.dataBuffer();
    const width = n - start;
    const flat = table.dtype === 'float64' ? new Float64Array(buffer, byteOffset, length * width) : new Float32Array(buffer, byteOffset, length * width); // prettier-ignore
    for (let r = 0; r < length; r++) {
      const i = start + r;
      values.set(flat.subarray(r * width + r + 1, (r + 1) * width), (starts[i] ?? 0) + i + 1);
    }
  });
  return { n, values, starts };
}

/** The upper triangle of a table's distances, block by block. */
export interface DistanceBlocks {
  /** Whether distances are float64. */
  readonly wide: boolean;
  /** [length, n - start]: distances of rows start..start+length to rows start..n. */
  readonly block: (start: number, length: number) => Tensor;
}

/** Rows of a block against n, so that its memory is bounded. */
export const distanceBlockRows = (n: number): number => Math.min(Math.max(1, Math.floor(BLOCK_ENTRIES / n)), 2048);

/** Distances in blocks, as {@link condensedDistances} describes them. @throws MusterError cluster.rows, cluster.nan */
export function distanceBlocks(x: Tensor, metric: DistanceMetric, squared: boolean): DistanceBlocks {
  const [n, d] = tableShape(x, 'the table');
  refuseNonFinite(x, 'the table', 4096);
  const exact = n * n * d <= EXACT_WORK;
  const typed = exact || x.dtype === 'float64' ? x.to('float64') : x.to('float32');
  return { wide: typed.dtype === 'float64', block: blockFunction(typed, metric, squared, exact) };
}

function blockFunction(x: Tensor, metric: DistanceMetric, squared: boolean, exact: boolean): DistanceBlocks['block'] {
  const n = x.shape[0] ?? 0;
  if (metric === 'cosine') {
    const unit = x.div(rowNorms(x, 4096).unsqueeze(1));
    return (start, length) =>
      torch.rsub(products(unit.narrow(0, start, length), unit.narrow(0, start, n - start)), 1).clampMin_(0);
  }
  if (exact) {
    return (start, length) => {
      const distances = torch.cdist(x.narrow(0, start, length), x.narrow(0, start, n - start), 2, 2);
      return squared ? distances.square_() : distances;
    };
  }
  const offset = offsetOf(x);
  const rows = offset === null ? x : x.sub(offset.to(x.dtype));
  const squares = torch.linalgVectorNorm(rows, 2, [1]).square_();
  return (start, length) => {
    const a = rows.narrow(0, start, length);
    const b = rows.narrow(0, start, n - start);
    const scale = squares
      .narrow(0, start, length)
      .unsqueeze(1)
      .add(squares.narrow(0, start, n - start));
    const distances = products(a, b).mul_(-2).add_(scale);
    takeAnew(distances, scale, a, b);
    return squared ? distances.clampMin_(0) : distances.clampMin_(0).sqrt_();
  };
}

/** Replaces squared distances that are lost in rounding, from the differences of the rows. */
function takeAnew(distances: Tensor, scale: Tensor, a: Tensor, b: Tensor): void {
  const length = a.shape[0] ?? 0;
  const limit = NOISE[a.dtype === 'float64' ? 'float64' : 'float32'];
  const near = distances.le(scale.mul_(limit)).triu(1).nonzero(); // (pairs, 2)
  const pairs = near.shape[0] ?? 0;
  if (pairs === 0 || pairs > ANEW_PER_ROW * length) return;
  const step = Math.max(1, Math.floor(BLOCK_ENTRIES / (a.shape[1] ?? 1)));
  forBlocks(pairs, step, (start, count) => {
    const [rows, columns] = near.narrow(0, start, count).unbind(1);
    if (rows === undefined || columns === undefined) return;
    const difference = a.indexSelect(0, rows).sub(b.indexSelect(0, columns));
    distances.indexPut_([rows, columns], difference.square_().sum([1]));
  });
}
