import { MusterError } from '../base/index.ts';
import type { Progress } from './progress.ts';

/** Exit code of a stop that the user asked for: 128 + SIGINT, as shells have it. */
export const interruptedCode = 130;

/** Within this time a second signal is an echo of the first: a terminal sends one, and the launcher forwards its own. */
const echoMs = 1000;

/**
 * Runs work that Ctrl-C (or SIGTERM) ends in good order; a second Ctrl-C, a second or more later, ends the process at
 * once.
 * @throws MusterError `interrupted` once it is stopped
 */
export async function interruptible<T>(
  progress: Progress,
  work: (signal: AbortSignal) => Promise<T>,
  now: () => number = () => performance.now(),
): Promise<T> {
  const controller = new AbortController();
  let stoppedAt = 0;
  const stop = (): void => {
    if (controller.signal.aborted) {
      if (now() - stoppedAt >= echoMs) process.exit(interruptedCode);
      return;
    }
    stoppedAt = now();
    progress.line('Stopping: finishing the batch in hand (Ctrl-C again stops at once).');
    controller.abort(
      new MusterError('interrupted', 'Stopped; nothing half done was written', { fix: 'run the same command again' }),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    if (!controller.signal.aborted) {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    } // otherwise the echo may still come, and would end the process before it has said why
    progress.clear();
  }
}
