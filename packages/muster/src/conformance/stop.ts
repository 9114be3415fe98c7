import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '@muster/torch/io';
import type { MusterEvent } from '../base/index.ts';
import type { TrainingContext } from '../train/index.ts';

/** What stops a training. */
export type Stop = Required<Pick<TrainingContext, 'emit' | 'signal'>>;

/** Whether an event is of a whole epoch. */
function isOfEpoch({ unit, done }: MusterEvent): boolean {
  return unit === 'epochs' && Number.isInteger(done);
}

/** Whether it is the loop's, at the epoch's end: only the loop tells a time. */
function endsEpoch(event: MusterEvent): boolean {
  return isOfEpoch(event) && event.values?.['seconds'] !== undefined;
}

/** Stops after so many whole epochs, counted over all trainings of a fit. */
export function stopAfter(epochs: number): Stop {
  const stop = new AbortController();
  let ended = 0;
  const emit = (event: MusterEvent): void => {
    if (endsEpoch(event) && ++ended === epochs) stop.abort();
  };
  return { emit, signal: stop.signal };
}

/** How often a training looks at its signal between the end of an epoch and its next step, that included. */
const LOOKS = 2;

/**
 * Stops inside an epoch, in its first steps: of the first epoch, or of the one after the first that ends. A training looks at `aborted`
 * after every step and every epoch, which is the only way to tell a step from outside.
 *
 * @param emit gets the events
 */
export function stopInside(which: 'first' | 'next', emit: TrainingContext['emit']): Stop {
  const stop = new AbortController();
  let looks = which === 'first' ? 1 : Infinity;
  const signal = new Proxy(stop.signal, {
    get: (target, key) => {
      if (key === 'aborted' && --looks <= 0) stop.abort();
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const watch = (event: MusterEvent): void => {
    if (endsEpoch(event) && looks === Infinity) looks = LOOKS;
    emit(event);
  };
  return { emit: watch, signal };
}

/** Steps that the trainings in a folder of checkpoints have made of an epoch that was begun. */
export function stepsInside(folder: string): number {
  const files = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return files.reduce((sum, name) => {
    using file = openSafetensors(join(folder, name));
    return sum + Number(file.metadata.get('step'));
  }, 0);
}

/** Values of the ends of epochs, without the times, by training and epoch. */
export class EpochRecord {
  readonly epochs = new Map<string, Readonly<Record<string, number>>>();

  readonly emit = (event: MusterEvent): void => {
    if (!isOfEpoch(event)) return;
    const { seconds: _s, imagesPerSecond: _i, ...values } = event.values ?? {};
    this.epochs.set(`${event.stage} ${event.done}`, values);
  };
}
