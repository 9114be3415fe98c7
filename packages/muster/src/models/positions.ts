import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';

/**
 * How position embeddings are resampled to another grid: `plain` bicubic (a = -0.75) to the new size; `antialias` bicubic
 * with antialias (a = -0.5), as timm does; `dino` plain with coordinates scaled by g / (new + 0.1), as DINO's code does.
 */
export type PositionResampling = 'plain' | 'antialias' | 'dino';

/** What is added to the new side in DINO's scale, against rounding to a smaller grid. */
const DINO_OFFSET = 0.1;

/**
 * Position embeddings for another grid. Where the grid is the same already they are returned as they are.
 *
 * @param positions (1, extra + g * g, d)
 * @param extra leading tokens that belong to no patch and are kept
 * @returns (1, extra + height * width, d)
 * @throws MusterError `models.positions` where the patch positions are no square grid
 */
export function interpolatePositions(
  positions: Tensor,
  grid: { readonly extra: number; readonly height: number; readonly width: number },
  mode: PositionResampling,
): Tensor {
  const { extra, height, width } = grid;
  const [, count = 0, dim = 0] = positions.shape;
  const side = Math.round(Math.sqrt(count - extra));
  if (side < 1 || side * side !== count - extra) {
    throw new MusterError('models.positions', `${count} positions, ${extra} of them extra, are no square grid.`);
  }
  if (side === height && side === width) return positions;
  const map = positions.slice(1, extra).reshape([1, side, side, dim]).permute([0, 3, 1, 2]); // (1, d, g, g)
  const resized = resample(map, [height, width], mode); // (1, d, height, width)
  const patches = resized.permute([0, 2, 3, 1]).reshape([1, height * width, dim]);
  return extra === 0 ? patches : torch.cat([positions.slice(1, 0, extra), patches], 1);
}

function resample(map: Tensor, size: [number, number], mode: PositionResampling): Tensor {
  if (mode === 'antialias') return torch._upsampleBicubic2dAa(map, size, false);
  if (mode === 'plain') return torch.upsampleBicubic2d(map, size, false);
  const [height, width] = size;
  const [, , oldHeight = 1, oldWidth = 1] = map.shape;
  return torch.upsampleBicubic2d(
    map,
    size,
    false,
    (height + DINO_OFFSET) / oldHeight,
    (width + DINO_OFFSET) / oldWidth,
  );
}

/** Base of the wavelengths of sine-cosine tables. */
const BASE = 10_000;

/** positions (p) times angular frequencies base^(-i / (dim / 2)), i = 0 .. dim / 2 - 1: (p, dim / 2) float64. */
function angles(positions: Tensor, dim: number): Tensor {
  if (dim % 2 !== 0) throw new MusterError('models.positions', `A sine-cosine table needs an even width, not ${dim}.`);
  const frequencies = Float64Array.from({ length: dim / 2 }, (_, i) => BASE ** (-i / (dim / 2)));
  return positions.reshape([-1, 1]).mul(tensor(frequencies));
}

function steps(length: number): Tensor {
  return tensor(Float64Array.from({ length }, (_, i) => i));
}

/**
 * Fixed positions with sine and cosine alternating: entry [p, 2i] = sin(p / 10000^(2i / dim)), [p, 2i + 1] the cosine.
 *
 * @returns (length, dim) float32
 * @source A. Vaswani et al., Attention is all you need (2017), §3.5
 */
export function sincos1d(length: number, dim: number): Tensor {
  return scope(() => {
    const w = angles(steps(length), dim);
    return torch.stack([w.sin(), w.cos()], 2).reshape([length, dim]).to('float32');
  });
}

/**
 * The same angles with all sines first, then all cosines.
 *
 * @returns (length, dim) float32
 */
export function sincos1dHalves(length: number, dim: number): Tensor {
  return scope(() => halves(steps(length), dim).to('float32'));
}

function halves(positions: Tensor, dim: number): Tensor {
  const w = angles(positions, dim);
  return torch.cat([w.sin(), w.cos()], 1);
}

/**
 * Fixed positions of a square grid: one half of the entries tells the column, the other the row.
 *
 * @param grid patches a side
 * @param options `first`: what the first half tells; "column" as in MAE, "row" as in ViT-IC. `classToken`: a zero row comes first
 * @returns (classToken + grid * grid, dim) float32
 * @source K. He et al., Masked autoencoders (2022), code
 */
export function sincos2d(
  grid: number,
  dim: number,
  options: { readonly first: 'column' | 'row'; readonly classToken: boolean },
): Tensor {
  return scope(() => {
    if (dim % 4 !== 0)
      throw new MusterError('models.positions', `A 2-d sine-cosine table needs a width of 4 n, not ${dim}.`);
    const columns = halves(steps(grid).repeat([grid]), dim / 2); // (grid * grid, dim / 2), the column running fastest
    const rows = halves(steps(grid).repeatInterleave(grid), dim / 2);
    const table = torch.cat(options.first === 'column' ? [columns, rows] : [rows, columns], 1).to('float32');
    return options.classToken ? torch.cat([torch.zeros([1, dim], { dtype: 'float32' }), table]) : table;
  });
}

/**
 * Fixed tables by name: `sincos-1d` sine and cosine alternating along the sequence, the class token at position 0; `sincos-2d` the
 * column first, as in MAE; `sincos-2d-rows` the row first, as in ViT-IC. In the latter two the class token's row is zero.
 */
export type PositionTable = 'sincos-1d' | 'sincos-2d' | 'sincos-2d-rows';

/** @returns the table's ([1 +] grid * grid, dim) float32 */
export function positionTable(
  table: PositionTable,
  { grid, dim, classToken }: { readonly grid: number; readonly dim: number; readonly classToken: boolean },
): Tensor {
  if (table === 'sincos-1d') return sincos1d((classToken ? 1 : 0) + grid * grid, dim);
  return sincos2d(grid, dim, { first: table === 'sincos-2d' ? 'column' : 'row', classToken });
}
