/** Values of a setting (learning rate, weight decay, momentum, temperature) over a training, as arrays. */
import { TorchError } from '../errors.ts';

/** Options of {@link cosineWarmup}. */
export interface CosineWarmup {
  readonly base: number;
  readonly final: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly warmupEpochs?: number;
  /** First value of the warm-up. */
  readonly start?: number;
}

/**
 * One value a step: evenly from `start` to `base` over the warm-up, both ends included, then over m steps
 * final + (base - final) (1 + cos(π i / m)) / 2 (DINO; Loshchilov & Hutter 2017, eq. 5).
 */
export function cosineWarmup({
  base,
  final,
  epochs,
  stepsPerEpoch,
  warmupEpochs = 0,
  start = 0,
}: CosineWarmup): Float64Array {
  const total = count('epochs × stepsPerEpoch', epochs * stepsPerEpoch);
  const warmup = count('warmupEpochs × stepsPerEpoch', warmupEpochs * stepsPerEpoch);
  if (warmup > total)
    throw scheduleError(`a warm-up of ${warmup} steps is longer than the ${total} steps of the training`);
  const rest = total - warmup;
  return Float64Array.from({ length: total }, (_, step) =>
    step < warmup ? evenly(start, base, warmup, step) : cosine(base, final, (step - warmup) / rest),
  );
}

/** One value an epoch: base gamma^(number of milestones ≤ epoch). */
export function step({
  base,
  gamma,
  milestones,
  epochs,
}: {
  base: number;
  gamma: number;
  milestones: readonly number[];
  epochs: number;
}): Float64Array {
  return Float64Array.from(
    { length: count('epochs', epochs) },
    (_, epoch) => base * gamma ** milestones.filter((milestone) => milestone <= epoch).length,
  );
}

/** One value an epoch, down to base rate³: eta + (base - eta) (1 + cos(π epoch / epochs)) / 2 (SCAN's). */
export function cosineEpoch({ base, rate, epochs }: { base: number; rate: number; epochs: number }): Float64Array {
  return Float64Array.from({ length: count('epochs', epochs) }, (_, epoch) =>
    cosine(base, base * rate ** 3, epoch / epochs),
  );
}

/** One value an epoch: evenly from `from` to `to`, both ends included, then `to` (DINO's teacher temperature). */
export function linearThenConstant({
  from,
  to,
  warmupEpochs,
  epochs,
}: {
  from: number;
  to: number;
  warmupEpochs: number;
  epochs: number;
}): Float64Array {
  const warmup = count('warmupEpochs', warmupEpochs);
  return Float64Array.from({ length: count('epochs', epochs) }, (_, epoch) =>
    epoch < warmup ? evenly(from, to, warmup, epoch) : to,
  );
}

/** The value of a schedule at a step; past its end the last one. Throws `E_ARG` for an empty schedule. */
export function valueAt(values: ArrayLike<number>, at: number): number {
  const value = values[Math.min(at, values.length - 1)];
  if (value === undefined) throw scheduleError(`it has no value at ${at}`);
  return value;
}

function evenly(first: number, last: number, length: number, at: number): number {
  return length === 1 ? first : at === length - 1 ? last : first + at * ((last - first) / (length - 1));
}

function cosine(base: number, final: number, progress: number): number {
  return final + 0.5 * (base - final) * (1 + Math.cos(Math.PI * progress));
}

/** A whole number; products such as 0.1 × 30 miss it by their rounding. */
function count(name: string, value: number): number {
  const whole = Math.round(value);
  if (Number.isSafeInteger(whole) && whole >= 0 && Math.abs(value - whole) <= 1e-9 * Math.max(1, whole)) return whole;
  throw scheduleError(`${name} must be a natural number, got ${value}`);
}

function scheduleError(message: string): TorchError {
  return new TorchError('E_ARG', 'schedule', message);
}
