import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { RowScaling, settingNumber, storedTensor } from './scaling.ts';
import type { Model, StoredModel } from './types.ts';

/** Least variance that squared distances are divided by. */
const LEAST_VARIANCE = 1e-12;

/** What {@link PrototypeModel} is made of. */
export interface PrototypeParts {
  readonly scaling: RowScaling;
  /** [m, d] in scaled space. */
  readonly prototypes: Tensor;
  /** int64 [m]: the group of each. */
  readonly groupOf: Tensor;
  readonly groups: number;
  /** Rows farther than this from every prototype are in no group; infinite: all rows are in one. */
  readonly radius: number;
  /** Of each number of a row around its prototype. */
  readonly variance: number;
}

/**
 * Groups of any shape, each the rows nearest to one of its prototypes. Probabilities compare the nearest prototype of every group as
 * a mixture of round Gaussians would.
 */
export class PrototypeModel implements Model {
  private readonly parts: PrototypeParts;

  /** Takes all tensors over. */
  constructor(parts: PrototypeParts) {
    this.parts = parts;
  }

  probabilities(rows: Tensor): Tensor {
    const { scaling, prototypes, groupOf, groups, radius, variance } = this.parts;
    return scope(() => {
      const scaled = scaling.apply(rows);
      const n = scaled.shape[0] ?? 0;
      const distances = torch.cdist(scaled, prototypes, 2); // (n, m)
      const nearest = torch
        .full([n, groups], Infinity, { dtype: distances.dtype, device: distances.device })
        .scatterReduce(1, groupOf.unsqueeze(0).expand([n, -1]), distances, 'amin'); // (n, K)
      const squares = nearest.square();
      const least = squares.amin([1], true);
      const p = squares
        .sub(least)
        .div(-2 * Math.max(variance, LEAST_VARIANCE))
        .softmax(1);
      return Number.isFinite(radius) ? p.mul(least.sqrt().le(radius)) : p;
    });
  }

  store(): StoredModel {
    const { scaling, prototypes, groupOf, groups, radius, variance } = this.parts;
    const rows = scaling.store();
    return {
      tensors: new Map([...rows.tensors, ['prototypes', prototypes], ['groups', groupOf]]),
      // JSON has no infinity.
      settings: { ...rows.settings, groups, radius: Number.isFinite(radius) ? radius : -1, variance },
    };
  }

  static restore(stored: StoredModel): PrototypeModel {
    const { tensors, settings } = stored;
    const radius = settingNumber(settings, 'radius');
    return new PrototypeModel({
      scaling: RowScaling.restore(stored),
      prototypes: storedTensor(tensors, 'prototypes'),
      groupOf: storedTensor(tensors, 'groups'),
      groups: settingNumber(settings, 'groups'),
      radius: radius < 0 ? Infinity : radius,
      variance: settingNumber(settings, 'variance'),
    });
  }

  dispose(): void {
    this.parts.scaling.dispose();
    this.parts.prototypes.dispose();
    this.parts.groupOf.dispose();
  }
}

/** Rows whose distances are held at a time. */
const BLOCK_ROWS = 2048;

/** Mean squared difference of a number of a row from that of the nearest prototype. */
export function varianceAroundNearest(rows: Tensor, prototypes: Tensor): number {
  const [n = 0] = rows.shape;
  let sum = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, n - start);
    const part = (): number =>
      torch
        .cdist(rows.narrow(0, start, count), prototypes, 2)
        .amin([1])
        .square()
        .sum()
        .item();
    sum += noGrad(() => scope(part));
  }
  return sum / Math.max(1, rows.numel);
}
