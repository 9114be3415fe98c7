import { step } from '@muster/torch/optim';

/** Learning rate of every epoch: evenly up over the first `warmup` epochs, then down by `decayBy` at each epoch of `decayAt`. */
export function decayingRates(options: {
  readonly rate: number;
  readonly epochs: number;
  readonly decayAt: readonly number[];
  readonly decayBy: number;
  readonly warmup?: number;
}): Float64Array {
  const { rate, epochs, decayAt, decayBy, warmup = 0 } = options;
  const rates = step({ base: rate, gamma: decayBy, milestones: decayAt, epochs });
  return rates.map((value, epoch) => (epoch < warmup ? (value * (epoch + 1)) / warmup : value));
}
