import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** A moment is quiet when other work takes less than this share of all processors. */
const BUSY_SHARE = 0.08;
const SAMPLE_MS = 250;
/** Waiting longer would not help: a machine that is never quiet is measured as it is. */
const PATIENCE_MS = 45_000;

/** Milliseconds that all processors together have worked and rested since the machine started; work that gives way counts as rest. */
function times(): { busy: number; idle: number } {
  let [busy, idle] = [0, 0];
  for (const { times: spent } of cpus()) {
    idle += spent.idle + spent.nice;
    busy += spent.user + spent.sys + spent.irq;
  }
  return { busy, idle };
}

/**
 * Waits for a moment at which nothing else runs. Also lets the threads of the side that ran before fall asleep: many
 * thread pools spin for a while after their last work.
 *
 * @returns whether the moment was found
 */
export async function quietMoment(): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const before = times();
    await sleep(SAMPLE_MS);
    const after = times();
    const busy = after.busy - before.busy;
    if (busy / (busy + after.idle - before.idle) < BUSY_SHARE) return true;
  }
  return false;
}
