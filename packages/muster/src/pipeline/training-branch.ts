import { join } from 'node:path';
import { MusterError } from '../base/index.ts';
import { checkpointFolder, locateRun } from '../store/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import type { TrainingConfig } from './training-config.ts';

/**
 * The kept checkpoint that `<run>@<epoch>` means.
 *
 * @throws MusterError `store.no-run`, `train.branch` naming the epochs that were kept
 */
export async function findBranch(text: string): Promise<NonNullable<TrainingConfig['branch']>> {
  const at = text.lastIndexOf('@');
  const epoch = Number(text.slice(at + 1));
  const run = await locateRun(text.slice(0, at), process.cwd());
  const kept = keptCheckpoints(join(run, checkpointFolder));
  const found = kept.find((checkpoint) => checkpoint.epoch === epoch);
  if (found !== undefined) return { run, epoch, file: found.path };
  const here = kept.map((checkpoint) => checkpoint.epoch).join(', ');
  throw new MusterError('train.branch', `it kept no checkpoint of epoch ${epoch}`, {
    where: run,
    kind: 'usage',
    fix: here === '' ? 'train it again with --keep-every' : `it kept ${here}`,
  });
}
