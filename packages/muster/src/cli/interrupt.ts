import { MusterError } from '../base/index.ts';
import type { Progress } from './progress.ts';

/** Exit code of a stop that the user asked for: 128 + SIGINT, as shells have it. */
export const interruptedCode = 130;

/**
 * Runs work that Ctrl-C (or SIGTERM) ends in good order; a second Ctrl-C ends the process at once.
 * @throws MusterError `interrupted` once it is stopped
 */
export async function interruptible<T>(progress: Progress, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(interruptedCode);
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
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    progress.clear();
  }
}
