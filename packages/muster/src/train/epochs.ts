import { setImmediate } from 'node:timers/promises';
import { scope, stack } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../base/index.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Checkpoint, Position } from './checkpoint.ts';
import type { TrainingContext } from './context.ts';

/** One epoch, ready to run. */
export interface Epoch {
  readonly steps: number;
  /**
   * One gradient step; everything made in it is freed, save the scalar it returns: the loss.
   */
  step(index: number): Tensor;
}

/** A training: what is trained and how an epoch begins. */
export interface Training {
  /** Used in events and for the checkpoint's file: kebab-case. */
  readonly name: string;
  /** Equal only for the same options and data; the seed is added. */
  readonly fingerprint: string;
  readonly epochs: number;
  /** Everything that a step changes: weights, running statistics, the optimiser's moments. */
  state(): ReadonlyMap<string, Tensor>;
  /** Draws the epoch's order. It depends on the seed and the epoch's number alone, so that a resumed epoch is the same. */
  begin(epoch: number): Epoch;
}

/** Longest time between two turns of the event loop, and between two checkpoints, in milliseconds. */
const TURN_MS = 100;
const CHECKPOINT_MS = 10_000;

/**
 * Runs a training to its end: steps in scopes, an event an epoch with the mean loss, checkpoints from time to time and at the end.
 * Goes on from a checkpoint of the same training where the context's folder has one.
 *
 * @returns the mean loss of the last epoch that was run; NaN where none was
 * @throws MusterError `train.not-finite` naming epoch and step; the signal's reason where it was aborted
 */
export async function train(training: Training, context: TrainingContext): Promise<number> {
  const checkpoint = checkpointOf(training, context);
  const clock = { turn: performance.now(), saved: performance.now() };
  let start: Position = (checkpoint && readCheckpoint(checkpoint, training.state())) ?? { epoch: 0, step: 0 };
  const save = (position: Position): void => {
    if (checkpoint) writeCheckpoint(checkpoint, training.state(), position);
    clock.saved = performance.now();
  };
  let mean = Number.NaN;
  for (let epoch = start.epoch; epoch < training.epochs; epoch++) {
    mean = await runEpoch(training, context, { epoch, step: start.step }, clock, save);
    start = { epoch: epoch + 1, step: 0 };
    context.emit({
      stage: training.name,
      done: epoch + 1,
      total: training.epochs,
      unit: 'epochs',
      values: { loss: mean },
    });
    if (context.signal?.aborted === true) save(start);
    context.signal?.throwIfAborted();
  }
  save({ epoch: Math.max(training.epochs, start.epoch), step: 0 });
  return mean;
}

interface Clock {
  turn: number;
  saved: number;
}

async function runEpoch(
  training: Training,
  { signal }: TrainingContext,
  { epoch, step: first }: Position,
  clock: Clock,
  save: (position: Position) => void,
): Promise<number> {
  const run = training.begin(epoch);
  const losses: Tensor[] = [];
  try {
    for (let step = first; step < run.steps; step++) {
      losses.push(scope(() => run.step(step)));
      const now = performance.now();
      if (now - clock.turn < TURN_MS) continue;
      await setImmediate();
      clock.turn = performance.now();
      const position = { epoch, step: step + 1 };
      if (signal?.aborted === true) save(position);
      signal?.throwIfAborted();
      if (now - clock.saved > CHECKPOINT_MS) save(position);
    }
    return meanLoss(losses, training.name, { epoch, step: first });
  } finally {
    for (const loss of losses) loss.dispose();
    disposeEpoch(run);
  }
}

/** An epoch may hold tensors of its own. */
function disposeEpoch(run: Epoch & Partial<Disposable>): void {
  run[Symbol.dispose]?.();
}

function meanLoss(losses: readonly Tensor[], name: string, { epoch, step }: Position): number {
  if (losses.length === 0) return Number.NaN;
  const values = scope(() => stack(losses).toNumbers());
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new MusterError(
      'train.not-finite',
      `The loss is ${values[bad]} in epoch ${epoch + 1}, step ${step + bad + 1}`,
      {
        where: name,
        fix: 'lower the learning rate, or look at the scale of the embeddings',
      },
    );
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkpointOf(training: Training, { checkpoints, seed }: TrainingContext): Checkpoint | undefined {
  if (checkpoints === undefined) return undefined;
  return { folder: checkpoints, name: training.name, fingerprint: `${training.fingerprint} seed ${seed}` };
}
