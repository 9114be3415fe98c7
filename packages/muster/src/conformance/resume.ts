import assert from 'node:assert/strict';
import type { TrainingContext } from '../train/index.ts';
import { withFolder } from './resources.ts';
import { EpochRecord, stepsInside, stopInside } from './stop.ts';

/** Trains, and gives all that came of it, to be compared to the last bit. */
export type TrainWhole = (context: Partial<TrainingContext>) => Promise<unknown>;

/** More stops than any candidate has epochs. */
const STOPS = 50;

/**
 * Demands that a training which is stopped inside each of its epochs comes to the same as one that never stops: results and what it told
 * after each epoch; and that, asked again, it gives them without training.
 */
export async function demandResumeInside(train: TrainWhole): Promise<void> {
  const [whole, pieces] = [new EpochRecord(), new EpochRecord()];
  const expected = await train({ emit: whole.emit });
  await withFolder(async (checkpoints) => {
    let stops = 0;
    const next = async (): Promise<unknown> => {
      const stopping = stopInside(stops === 0 ? 'first' : 'next', pieces.emit);
      const ended = train({ ...stopping, checkpoints });
      return await ended.catch((error: unknown) => {
        assert.equal(Reflect.get(Object(error), 'name'), 'AbortError', String(error));
        assert.ok(stepsInside(checkpoints) > 0, `stop ${stops + 1} was not inside an epoch`);
        return STOPPED;
      });
    };
    let result = await next();
    while (result === STOPPED && ++stops < STOPS) result = await next();
    assert.ok(stops > 1, 'it was stopped more than once');
    assert.deepEqual(result, expected);
    assert.deepEqual(pieces.epochs, whole.epochs);
    assert.deepEqual(await train({ checkpoints }), expected);
  });
}

const STOPPED = Symbol('stopped');
