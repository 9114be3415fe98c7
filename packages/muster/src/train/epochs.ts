import { setImmediate } from 'node:timers/promises';
import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { keepCheckpoint, readBranch, readCheckpoint, removeLeftovers, writeCheckpoint } from './checkpoint.ts';
import type { Checkpoint, Position } from './checkpoint.ts';
import type { TrainingContext } from './context.ts';
import { isCollapsed } from './group-use.ts';
import { freeTensors, LoadAhead } from './load-ahead.ts';
import { LossTally } from './loss-tally.ts';
import type { StepLoss } from './loss-tally.ts';

/** One epoch, ready to run. It may have a `Symbol.dispose` for tensors of its own. */
export interface Epoch<Batch = undefined> {
  readonly steps: number;
  /** Images of all steps together, for images a second; default none. */
  readonly images?: number;
  /**
   * Assembles what a step needs, off the main thread: called in order, ahead of the step. Its tensors are freed after the step.
   */
  load?(index: number): Promise<Batch>;
  /**
   * One gradient step; everything made in it is freed, save the scalars it returns: the loss, or named terms of which `loss` is the
   * whole.
   */
  step(index: number, batch: Batch): StepLoss;
}

/** A training: what is trained and how an epoch begins. */
export interface Training<Batch = undefined> {
  /** Used in events and for the checkpoint's file: kebab-case. */
  readonly name: string;
  /** Equal only for the same options and data; the seed is added. */
  readonly fingerprint: string;
  readonly epochs: number;
  /** Everything that a step or an epoch's beginning changes: weights, running statistics, the optimiser's moments, targets. */
  state(): ReadonlyMap<string, Tensor>;
  /**
   * Prepares an epoch. What it draws depends on the seed and the epoch's number alone, so that a resumed epoch is the same.
   *
   * @param resumed the epoch was begun before: what its beginning does to the state has been done
   */
  begin(epoch: number, resumed: boolean): Epoch<Batch> | Promise<Epoch<Batch>>;
  /**
   * Sums of the epoch that {@link report} tells of: kept in checkpoints, so that it tells of the whole epoch whenever that was stopped.
   * Nothing is trained with them, and a branch does without.
   */
  figures?(): ReadonlyMap<string, Tensor>;
  /** Groups that are asked for: `usedGroups` of the report is held against them. */
  readonly groups?: number;
  /** Further numbers for the event of an epoch that has ended: learning rate, use of the groups, cost of an assignment. */
  report?(epoch: number): Readonly<Record<string, number>>;
}

/** Longest time between two turns of the event loop, and between two events, in milliseconds. */
const TURN_MS = 100;
const EVENT_MS = 1000;
/** Least time between two checkpoints, in seconds, and how many times what writing one takes. */
const CHECKPOINT_SECONDS = 10;
const CHECKPOINT_TIMES = 50;

/**
 * Runs a training to its end: steps in scopes, an event about once a second and after every epoch, checkpoints from time to time, at
 * the end, and on request after every n-th epoch. Goes on from a checkpoint of the same training where the context's folder has one.
 *
 * @returns the mean loss of the last epoch; NaN where there was none
 * @throws MusterError `train.not-finite` naming epoch, step and term; `train.checkpoint`; the signal's reason where it was aborted
 */
export async function train<Batch>(training: Training<Batch>, context: TrainingContext): Promise<number> {
  const run = new TrainingRun(training, context);
  let { position } = run;
  const isNews = position.epoch < training.epochs;
  while (position.epoch < training.epochs) {
    position = await run.epoch(position);
    if (context.signal?.aborted === true) run.save(position);
    context.signal?.throwIfAborted();
  }
  if (isNews) run.save(position);
  return position.loss ?? Number.NaN;
}

/** A training under way. */
class TrainingRun<Batch> {
  /** Where it begins. */
  readonly position: Position;
  private readonly training: Training<Batch>;
  private readonly context: TrainingContext;
  private readonly checkpoint: Checkpoint | undefined;
  /** Times in milliseconds. */
  private turned = performance.now();
  private told = performance.now();
  private saved = performance.now();
  private saving = 0;
  private hasWarned = false;

  constructor(training: Training<Batch>, context: TrainingContext) {
    this.training = training;
    this.context = context;
    this.checkpoint = checkpointOf(training, context);
    if (this.checkpoint !== undefined) removeLeftovers(this.checkpoint);
    const own = this.checkpoint && readCheckpoint(this.checkpoint, training.state(), training.figures?.());
    const start = own ?? (context.branch === undefined ? undefined : readBranch(context.branch, training.state()));
    this.position = start ?? { epoch: 0, step: 0 };
  }

  save(position: Position): void {
    const start = performance.now();
    if (this.checkpoint) writeCheckpoint(this.checkpoint, stateOf(this.training), position);
    this.saved = performance.now();
    this.saving = this.saved - start;
  }

  /** Runs an epoch, or the rest of one. */
  async epoch(from: Position): Promise<Position> {
    const { training, context, checkpoint } = this;
    const epoch = await training.begin(from.epoch, from.step > 0);
    const tally = new LossTally(training.name, from.epoch, from.sums);
    const ahead = new LoadAhead(epoch);
    const start = performance.now();
    try {
      for (let step = from.step; step < epoch.steps; step++) {
        await this.step(epoch, step, ahead, tally);
        await this.afterStep(
          epoch,
          { epoch: from.epoch, step: step + 1, loss: from.loss },
          { tally, start, first: from.step },
        );
      }
      const means = tally.means();
      const position = { epoch: from.epoch + 1, step: 0, loss: means.loss };
      const speed = speedOf(epoch, epoch.steps - from.step, start);
      const report = training.report?.(from.epoch) ?? {};
      this.tell(position.epoch, { ...means, ...speed, ...report });
      this.watch(position.epoch, report);
      const { keepEvery = 0 } = context;
      if (checkpoint && keepEvery > 0 && position.epoch % keepEvery === 0)
        keepCheckpoint(checkpoint, stateOf(training), position);
      return position;
    } finally {
      tally.dispose();
      await ahead.close();
      disposeEpoch(epoch);
    }
  }

  private async step(epoch: Epoch<Batch>, step: number, ahead: LoadAhead<Batch>, tally: LossTally): Promise<void> {
    // Without a load there is nothing to wait for; a step may take less time than a promise.
    const batch = epoch.load === undefined ? (undefined as Batch) : await ahead.take(step);
    try {
      tally.add(
        step,
        scope(() => epoch.step(step, batch)),
      );
    } finally {
      freeTensors(batch);
    }
  }

  /** Lets others have their turn, and does what is due. */
  private async afterStep(epoch: Epoch<Batch>, position: Position, { tally, start, first }: EpochSoFar): Promise<void> {
    const now = performance.now();
    if (now - this.turned >= TURN_MS) {
      await setImmediate();
      this.turned = performance.now();
    } else if (this.context.signal?.aborted !== true) return;
    const isOver = position.step === epoch.steps; // the end of the epoch has its own event and checkpoint
    if (this.context.signal?.aborted === true && !isOver) {
      this.save({ ...position, sums: tally.sums() });
      this.context.signal.throwIfAborted();
    }
    if (isOver) return;
    if (now - this.told >= EVENT_MS) {
      const speed = speedOf(epoch, position.step - first, start);
      this.tell(position.epoch + position.step / epoch.steps, { step: position.step, ...tally.means(), ...speed });
    }
    if (now - this.saved >= this.checkpointMs) this.save({ ...position, sums: tally.sums() });
  }

  /** Least time between two checkpoints: they must not take more than a few hundredths of it. */
  private get checkpointMs(): number {
    const { checkpointSeconds } = this.context;
    if (checkpointSeconds !== undefined) return 1000 * checkpointSeconds;
    return Math.max(1000 * CHECKPOINT_SECONDS, CHECKPOINT_TIMES * this.saving);
  }

  /** Says a collapse of the groups, once: it is seldom a passing one, and hours may be left. */
  private watch(epochs: number, { usedGroups }: Readonly<Record<string, number>>): void {
    const { name, groups } = this.training;
    if (this.hasWarned || usedGroups === undefined || groups === undefined || !isCollapsed(usedGroups, groups)) return;
    this.hasWarned = true;
    const message = `The groups are collapsing: ${usedGroups.toFixed(1)} of ${groups} are used in effect after epoch ${epochs}`;
    this.context.emit({ stage: name, level: 'warning', message, values: { usedGroups } });
  }

  /** @param done epochs, the last one in part */
  private tell(done: number, values: Readonly<Record<string, number>>): void {
    const { name, epochs } = this.training;
    this.context.emit({ stage: name, done, total: epochs, unit: 'epochs', values });
    this.told = performance.now();
  }
}

/** All that goes into a checkpoint. */
function stateOf<Batch>(training: Training<Batch>): ReadonlyMap<string, Tensor> {
  return new Map([...training.state(), ...(training.figures?.() ?? [])]);
}

/** What is known in the middle of an epoch: its losses, when it began, and with which step. */
interface EpochSoFar {
  readonly tally: LossTally;
  readonly start: number;
  readonly first: number;
}

function speedOf(
  { images, steps }: Pick<Epoch, 'images' | 'steps'>,
  done: number,
  start: number,
): Record<string, number> {
  const seconds = (performance.now() - start) / 1000;
  return {
    seconds,
    ...(images === undefined ? {} : { imagesPerSecond: (images * done) / Math.max(1, steps) / seconds }),
  };
}

/** An epoch may hold tensors of its own. */
function disposeEpoch(run: object & Partial<Disposable>): void {
  run[Symbol.dispose]?.();
}

function checkpointOf<Batch>(
  { name, fingerprint }: Training<Batch>,
  { checkpoints, seed, precision = 'float32' }: TrainingContext,
): Checkpoint | undefined {
  if (checkpoints === undefined) return undefined;
  const arithmetic = precision === 'float32' ? '' : ` ${precision}`;
  return { folder: checkpoints, name, fingerprint: `${fingerprint} seed ${seed}${arithmetic}` };
}
