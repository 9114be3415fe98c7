import { join } from 'node:path';
import { MusterError } from '../base/index.ts';
import { checkpointFolder, locateRun } from '../store/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import type { TrainingConfig } from './training-config.ts';

/**
 * The kept checkpoint that `<run>@<epoch>` means; `<run>@<training>:<epoch>` where several trainings of the run kept that epoch.
 *
 * @throws MusterError `store.no-run`, `train.branch` naming the epochs that were kept
 */
export async function findBranch(text: string): Promise<NonNullable<TrainingConfig['branch']>> {
  const at = text.lastIndexOf('@');
  const [number, training] = text
    .slice(at + 1)
    .split(':')
    .reverse();
  const epoch = Number(number);
  const run = await locateRun(text.slice(0, at), process.cwd());
  const kept = keptCheckpoints(join(run, checkpointFolder));
  const found = kept.filter((one) => one.epoch === epoch && (training === undefined || one.training === training));
  const [only, other] = found;
  if (only !== undefined && other === undefined) return { run, epoch, file: only.path };
  const refuse = (what: string, fix: string): MusterError =>
    new MusterError('train.branch', what, { where: run, kind: 'usage', fix });
  if (only !== undefined) {
    const names = found.map((one) => `@${one.training}:${epoch}`);
    throw refuse(`${found.length} of its trainings kept a checkpoint of epoch ${epoch}`, `say ${names.join(' or ')}`);
  }
  const here = kept.map((one) => (training === undefined ? one.epoch : `${one.training}:${one.epoch}`)).join(', ');
  throw refuse(
    `it kept no checkpoint of epoch ${epoch}${training === undefined ? '' : ` of ${training}`}`,
    here === '' ? 'train it again with --keep-every' : `it kept ${here}`,
  );
}
