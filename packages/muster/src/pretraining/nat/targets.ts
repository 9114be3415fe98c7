import * as torch from '@muster/torch';
import { generator, noGrad, scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { seedStream } from '../../base/index.ts';
import { unitRows } from '../../losses/index.ts';
import { linearAssignment } from '../../metrics/index.ts';

/** Target points made at a time. */
const BLOCK = 4096;

/**
 * Points uniform on the unit sphere: normal vectors scaled to length 1.
 *
 * @returns [n, dimension]; the same for the same seed
 * @source Bojanowski and Joulin, section 3.2
 */
export function drawTargets(n: number, dimension: number, seed: number): Tensor {
  using random = generator(seedStream(seed, 'nat', 'targets'));
  const points = torch.empty([n, dimension], { dtype: 'float32' });
  for (let start = 0; start < n; start += BLOCK) {
    scope(() => {
      const block = points.narrow(0, start, Math.min(BLOCK, n - start));
      block.copy_(unitRows(block.normal_(0, 1, { generator: random })));
    });
  }
  return points;
}

/** Which target each image holds. It begins with the i-th image holding the i-th point, which were drawn at random. */
export class NoiseTargets implements Disposable {
  /** int32 [N]: part of the training's state, and the same memory as `numbers`. */
  readonly held: Tensor;
  /** float64 [2]: images of the epoch that took part in a deal, and those that got another point; the same memory as `counts`. */
  readonly dealt: Tensor;
  private readonly numbers: Int32Array;
  private readonly counts = new Float64Array(2);
  /** [N, d] on the CPU. */
  private readonly points: Tensor;

  /** Takes the points over. */
  constructor(points: Tensor) {
    this.numbers = Int32Array.from({ length: points.shape[0] ?? 0 }, (_, image) => image);
    this.held = tensor(this.numbers);
    this.dealt = tensor(this.counts);
    this.points = points;
  }

  /** Begins an epoch. */
  reset(): void {
    this.counts.fill(0);
  }

  /** Share of the epoch's images that hold another point than before; empty where none was dealt out. */
  figures(): { readonly changed?: number } {
    const [images = 0, changed = 0] = this.counts;
    return images === 0 ? {} : { changed: changed / images };
  }

  /** [n, d] points that images hold now. */
  of(rows: Int32Array): Tensor {
    const places = BigInt64Array.from(rows, (row) => BigInt(this.numbers[row] ?? 0));
    return scope(() => this.points.indexSelect(0, tensor(places)));
  }

  /**
   * Deals the points of a batch out anew among its images, at the largest sum of inner products, exactly.
   *
   * @param outputs [n, d] of unit length, any device
   * @returns images that hold another point than before
   * @source Bojanowski and Joulin, eq. 5 within a batch
   */
  reassign(rows: Int32Array, outputs: Tensor): number {
    const n = rows.length;
    const scores = noGrad(() =>
      scope(() => outputs.detach().to({ device: 'cpu' }).mm(this.of(rows).t()).toFloat32Array()),
    );
    const { columnOfRow } = linearAssignment(scores, n, n, { maximise: true });
    const before = rows.map((row) => this.numbers[row] ?? 0);
    let changed = 0;
    rows.forEach((row, at) => {
      const place = columnOfRow[at] ?? at;
      if (place !== at) changed++;
      this.numbers[row] = before[place] ?? 0;
    });
    const [images = 0, moved = 0] = this.counts;
    this.counts.set([images + n, moved + changed]);
    return changed;
  }

  [Symbol.dispose](): void {
    this.held.dispose();
    this.dealt.dispose();
    this.points.dispose();
  }
}
