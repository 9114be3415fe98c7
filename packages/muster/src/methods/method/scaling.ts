import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { z } from 'zod';
import { MusterError, seedStream } from '../../base/index.ts';
import { pca } from '../../cluster/index.ts';
import type { MethodContext, StoredModel } from './types.ts';

/** How embeddings are scaled: as they are, to unit length, or to unit length after subtracting the mean row. */
export const rowScalings = ['raw', 'unit', 'centred'] as const;
export type RowScalingName = (typeof rowScalings)[number];

/** The options that many methods have for their rows. */
export const rowOptions = {
  rows: z
    .enum(rowScalings)
    .default('centred')
    .describe('raw: as they are; unit: of length 1; centred: of length 1 after subtracting the mean'),
  components: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('principal components that are kept; null: no reduction'),
} as const;

/** Rows whose scaled copy is made at a time. */
const BLOCK_ROWS = 8192;
const FLOOR = 1e-12;

/** Principal axes of scaled rows. */
export interface Axes {
  /** [D] */
  readonly origin: Tensor;
  /** [k, D] */
  readonly directions: Tensor;
}

/** A scaling of rows that can be kept: subtract a mean, give every row the same length, and perhaps project it on a few axes. */
export class RowScaling {
  /** [D], or null. */
  readonly mean: Tensor | null;
  /** Length of every row; 0: as it comes. */
  readonly length: number;
  readonly axes: Axes | null;

  constructor(mean: Tensor | null, length: number, axes: Axes | null = null) {
    this.mean = mean;
    this.length = length;
    this.axes = axes;
  }

  /** The scaling of this name with the mean of these rows; `length` replaces 1 as the rows' length. */
  static of(embeddings: Tensor, name: RowScalingName, device: Device, length = 1): RowScaling {
    const mean = name === 'centred' ? noGrad(() => scope(() => embeddings.mean([0]).to({ device }))) : null;
    return new RowScaling(mean, name === 'raw' ? 0 : length);
  }

  /**
   * The same, followed by the first principal components of the scaled rows; of as many as there can be.
   *
   * @param components null: no projection
   */
  static reduced(
    embeddings: Tensor,
    { rows: name, components }: { readonly rows: RowScalingName; readonly components: number | null },
    { device, seed, signal }: MethodContext,
  ): RowScaling {
    const scaling = RowScaling.of(embeddings, name, device);
    const most = Math.min(embeddings.shape[0] ?? 0, embeddings.shape[1] ?? 0);
    if (components === null || components >= most) return scaling;
    const axes = scope(() => {
      using random = torch.generator(seedStream(seed, 'principal-axes'));
      const found = pca(scaling.applyAll(embeddings, device), { k: components, generator: random, signal });
      return { origin: found.mean.to('float32'), directions: found.components.to('float32') };
    });
    return new RowScaling(scaling.mean, scaling.length, axes);
  }

  /** [n, D] on the scaling's device to [n, D], or [n, k] with axes; the same tensor where nothing is to be done. */
  apply(rows: Tensor): Tensor {
    const { mean, length, axes } = this;
    if (length === 0 && axes === null) return rows;
    return scope(() => {
      const centred = mean === null ? rows : rows.sub(mean);
      const scaled =
        length === 0 ? centred : centred.div(torch.linalgVectorNorm(centred, 2, [1], true).clampMin(FLOOR).div(length));
      return axes === null ? scaled : scaled.sub(axes.origin).mm(axes.directions.t());
    });
  }

  /** All rows, on the device, a block at a time; the caller's. Where nothing is to be done it shares the embeddings' memory. */
  applyAll(embeddings: Tensor, device: Device): Tensor {
    if (this.length === 0 && this.axes === null)
      return embeddings.device === device ? embeddings.detach() : embeddings.to({ device });
    const [n = 0, width = 0] = embeddings.shape;
    return noGrad(() => {
      const scaled = torch.empty([n, this.axes?.directions.shape[0] ?? width], { dtype: 'float32', device });
      for (let start = 0; start < n; start += BLOCK_ROWS) {
        const count = Math.min(BLOCK_ROWS, n - start);
        scope(() => {
          const block = embeddings.narrow(0, start, count);
          scaled.narrow(0, start, count).copy_(this.apply(block.device === device ? block : block.to({ device })));
        });
      }
      return scaled;
    });
  }

  store(): StoredModel {
    const tensors = new Map<string, Tensor>();
    if (this.mean !== null) tensors.set('mean', this.mean);
    if (this.axes !== null) tensors.set('axes.origin', this.axes.origin).set('axes.directions', this.axes.directions);
    return { tensors, settings: { length: this.length } };
  }

  static restore({ tensors, settings }: StoredModel): RowScaling {
    const [origin, directions] = [tensors.get('axes.origin'), tensors.get('axes.directions')];
    const axes = origin === undefined || directions === undefined ? null : { origin, directions };
    return new RowScaling(tensors.get('mean') ?? null, settingNumber(settings, 'length'), axes);
  }

  dispose(): void {
    this.mean?.dispose();
    this.axes?.origin.dispose();
    this.axes?.directions.dispose();
  }
}

/** A number of a stored model. @throws MusterError `method.folder` */
export function settingNumber(settings: Readonly<Record<string, unknown>>, name: string): number {
  const value = settings[name];
  if (typeof value === 'number') return value;
  throw new MusterError('method.folder', `The fitted method lacks the number ${name}`, { fix: 'fit it again' });
}

/** A tensor of a stored model. @throws MusterError `method.folder` */
export function storedTensor(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor !== undefined) return tensor;
  throw new MusterError('method.folder', `The fitted method lacks the tensor ${name}`, { fix: 'fit it again' });
}
