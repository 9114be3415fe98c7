import { noGrad, scope, stack, Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';

/** What a step gives: its loss, or named terms of which `loss` is the whole. */
export type StepLoss = Tensor | Readonly<Record<string, Tensor>>;

/** Sums of an epoch's terms so far: sum and number of steps of each. */
export type TallySums = Readonly<Record<string, readonly [sum: number, steps: number]>>;

interface Pending {
  readonly step: number;
  readonly term: string;
  readonly value: Tensor;
}

/** The losses of one epoch. Their values are read now and then, not in every step: reading one waits for the device. */
export class LossTally {
  private readonly where: string;
  private readonly epoch: number;
  private readonly totals: Map<string, [number, number]>;
  private pending: Pending[] = [];

  /**
   * @param where name of the training, for errors
   * @param epoch from 0
   * @param sums of the steps made before
   */
  constructor(where: string, epoch: number, sums: TallySums = {}) {
    this.where = where;
    this.epoch = epoch;
    this.totals = new Map(Object.entries(sums).map(([term, [sum, steps]]) => [term, [sum, steps]]));
  }

  /** Takes the scalars over. */
  add(step: number, loss: StepLoss): void {
    const terms = loss instanceof Tensor ? [['loss', loss] as const] : Object.entries(loss);
    for (const [term, value] of terms) this.pending.push({ step, term, value: withoutGraph(value) });
  }

  /**
   * Reads the values that came since the last time.
   *
   * @throws MusterError `train.not-finite` naming epoch, step and term of the first that is NaN or infinite
   */
  flush(): void {
    const pending = this.pending;
    if (pending.length === 0) return;
    const values = noGrad(() => scope(() => stack(pending.map(({ value }) => value)).toNumbers()));
    this.dispose();
    pending.forEach(({ step, term }, place) => {
      const value = values[place] ?? Number.NaN;
      if (!Number.isFinite(value)) throw this.refuse(pending, values, step);
      const total = this.totals.get(term) ?? [0, 0];
      this.totals.set(term, [total[0] + value, total[1] + 1]);
    });
  }

  /** Mean of each term over the steps that had it; `loss` is NaN where there was none. */
  means(): { readonly loss: number; readonly [term: string]: number } {
    this.flush();
    const means = [...this.totals].map(([term, [sum, steps]]) => [term, sum / steps] as const);
    return { loss: Number.NaN, ...Object.fromEntries(means) };
  }

  /** For a checkpoint. */
  sums(): TallySums {
    this.flush();
    return Object.fromEntries(this.totals);
  }

  dispose(): void {
    for (const { value } of this.pending) value.dispose();
    this.pending = [];
  }

  /** A part of the loss tells more than the whole. */
  private refuse(pending: readonly Pending[], values: readonly number[], step: number): MusterError {
    const bad = pending
      .map(({ term, step: at }, place) => ({ term, at, value: values[place] }))
      .filter(({ at, value }) => at === step && !Number.isFinite(value));
    const { term, value } = bad.find((one) => one.term !== 'loss') ?? { term: 'loss', value: bad[0]?.value };
    const what = term === 'loss' ? 'The loss' : `The term ${term} of the loss`;
    return new MusterError('train.not-finite', `${what} is ${value} in epoch ${this.epoch + 1}, step ${step + 1}`, {
      where: this.where,
      fix: 'lower the learning rate, or look at the scale of the data',
    });
  }
}

/** A loss must not keep its step's graph alive until it is read. */
function withoutGraph(value: Tensor): Tensor {
  if (!value.requiresGrad) return value;
  const bare = value.detach();
  value.dispose();
  return bare;
}
