import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';

/** Fewer groups in effect than this share of those asked for are a collapse. */
const COLLAPSED_SHARE = 1 / 3;

/** exp of the entropy of groups' sizes: as many equal groups would be used as unevenly; 0 where all are empty. */
export function effectiveGroups(sizes: ArrayLike<number>): number {
  const used = Array.from(sizes).filter((size) => size > 0);
  if (used.length === 0) return 0;
  const all = used.reduce((sum, size) => sum + size, 0);
  return Math.exp(used.reduce((entropy, size) => entropy - (size / all) * Math.log(size / all), 0));
}

/**
 * Whether groups are used by so few of them that a method has failed.
 *
 * @param effective groups in effect, {@link effectiveGroups}
 * @param groups that were asked for
 */
export function isCollapsed(effective: number, groups: number): boolean {
  return groups > 1 && (effective <= 1 || effective < groups * COLLAPSED_SHARE);
}

/** Images of each group in the steps of an epoch: figures of a training. They stay on the device, which is not waited for. */
export class GroupCounts implements Disposable {
  private readonly counts: Tensor;
  private readonly numbers: Tensor;

  constructor(groups: number, device: Device) {
    this.counts = torch.zeros([groups], { dtype: 'int64', device });
    this.numbers = torch.arange(groups, { dtype: 'int64', device });
  }

  /** Begins an epoch. */
  reset(): void {
    this.counts.zero_();
  }

  /** Counts the likeliest group of each image. @param scores [n, K] logits or probabilities */
  add(scores: Tensor): void {
    noGrad(() => scope(() => this.counts.add_(scores.argmax(1, true).eq(this.numbers).sum([0]))));
  }

  /** For a checkpoint. */
  figures(): Map<string, Tensor> {
    return new Map([['figures.groups', this.counts]]);
  }

  /** Groups in use, in effect. */
  get used(): number {
    return effectiveGroups(scope(() => this.counts.toNumbers()));
  }

  [Symbol.dispose](): void {
    this.counts.dispose();
    this.numbers.dispose();
  }
}
