import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { unitRows } from '../../losses/index.ts';
import { RowScaling, settingNumber, storedTensor } from './scaling.ts';
import type { Model, StoredModel } from './types.ts';

/** How rows are compared with centres; `spherical`: by direction, centres being of length 1. */
export type CentreMetric = 'euclidean' | 'spherical';

/** Least variance that distances are divided by. */
const LEAST_VARIANCE = 1e-12;

/**
 * Groups around centres: the nearest one, with the posterior of a mixture of equal, round Gaussians of one variance, of which k-means
 * is the limit.
 */
export class CentreModel implements Model {
  private readonly scaling: RowScaling;
  /** [K, D] in scaled space. */
  private readonly centres: Tensor;
  /** Of each number of a row around its centre. */
  private readonly variance: number;
  private readonly metric: CentreMetric;

  /** Takes scaling and centres over. */
  constructor(scaling: RowScaling, centres: Tensor, variance: number, metric: CentreMetric = 'euclidean') {
    this.scaling = scaling;
    this.centres = centres;
    this.variance = variance;
    this.metric = metric;
  }

  /**
   * Around the means of groups that some other algorithm found.
   *
   * @param scaled [N, D] rows after the scaling
   * @param labels int64 [N], 0..groups-1
   */
  static aroundMeans(scaling: RowScaling, scaled: Tensor, labels: Tensor, groups: number): CentreModel {
    const { centres, variance } = scope(() =>
      noGrad(() => {
        const zeros = torch.zeros([groups, scaled.shape[1] ?? 0], { dtype: scaled.dtype, device: scaled.device });
        const counts = torch.bincount(labels, null, groups).clampMin(1).unsqueeze(1);
        const means = zeros.indexAdd(0, labels, scaled).div(counts);
        return { centres: means, variance: varianceAround(scaled, means, labels) };
      }),
    );
    return new CentreModel(scaling, centres, variance);
  }

  probabilities(rows: Tensor): Tensor {
    return scope(() => {
      // Moved to the centres' mean, where products keep their digits; |x|² is the same for all centres and drops out.
      const origin = this.centres.mean([0]);
      const centres = this.centres.sub(origin);
      const given = this.scaling.apply(rows);
      const scaled = (this.metric === 'spherical' ? unitRows(given) : given).sub(origin);
      const logits = torch.addmm(centres.square().sum([1]).mul(-0.5), scaled, centres.t());
      return logits.div(Math.max(this.variance, LEAST_VARIANCE)).softmax(1);
    });
  }

  store(): StoredModel {
    const scaling = this.scaling.store();
    return {
      tensors: new Map([...scaling.tensors, ['centres', this.centres]]),
      settings: { ...scaling.settings, variance: this.variance, metric: this.metric },
    };
  }

  static restore(stored: StoredModel): CentreModel {
    const centres = storedTensor(stored.tensors, 'centres');
    const metric = stored.settings['metric'] === 'spherical' ? 'spherical' : 'euclidean';
    return new CentreModel(RowScaling.restore(stored), centres, settingNumber(stored.settings, 'variance'), metric);
  }

  dispose(): void {
    this.scaling.dispose();
    this.centres.dispose();
  }
}

/** Rows whose differences are held at a time. */
const BLOCK_ROWS = 4096;

/** Mean squared difference of a number from that of its row's centre. */
export function varianceAround(rows: Tensor, centres: Tensor, labels: Tensor): number {
  const [n = 0] = rows.shape;
  let sum = 0;
  for (let start = 0; start < n; start += BLOCK_ROWS) {
    sum += scope(() => {
      const count = Math.min(BLOCK_ROWS, n - start);
      const own = centres.indexSelect(0, labels.narrow(0, start, count));
      return rows.narrow(0, start, count).sub(own).square_().sum().item();
    });
  }
  return sum / Math.max(1, rows.numel);
}
