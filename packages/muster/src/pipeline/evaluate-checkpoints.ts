import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { generator, scope, type Device, type Tensor } from '@muster/torch';
import { errorMessage, MusterError, seedStream, type Emit } from '../base/index.ts';
import { kmeans } from '../cluster/index.ts';
import type { Labels } from '../data/index.ts';
import type { KeptCheckpoint } from '../train/index.ts';
import type { CheckpointScores } from './evaluate-options.ts';
import { scoreAgainst, type Scores } from './score.ts';
import type { Trainer } from './trainer.ts';
import type { TrainingConfig } from './training-config.ts';
import type { TrainingImages } from './training-data.ts';

/** What checkpoints are scored with. */
export interface CheckpointJob {
  readonly config: TrainingConfig;
  readonly trainer: Trainer;
  readonly images: TrainingImages;
  readonly labels: Labels;
  readonly shape: NonNullable<TrainingConfig['shape']>;
  /** Groups that k-means makes of embeddings. */
  readonly groups: number;
  readonly seed: number;
  readonly device: Device;
}

/** Starts of k-means on the embeddings of a pretraining. */
const restarts = 10;

/**
 * Scores kept checkpoints, in the order in which they were made. One that holds no whole model, such as a pretext's, is told and passed
 * over.
 */
export async function scoreCheckpoints(
  job: CheckpointJob,
  kept: readonly KeptCheckpoint[],
  notes: string[],
  emit: Emit,
  signal: AbortSignal,
): Promise<CheckpointScores[]> {
  const found: CheckpointScores[] = [];
  const unusable = new Set<string>();
  for (const [at, checkpoint] of inOrder(kept).entries()) {
    emit({ stage: 'score', done: at, total: kept.length, unit: 'checkpoints' });
    await setImmediate();
    signal.throwIfAborted();
    const { training, epoch, path } = checkpoint;
    if (unusable.has(training)) continue;
    try {
      found.push({ training, epoch, ...scoreCheckpoint(job, path) });
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      unusable.add(training);
      notes.push(`Checkpoints of ${training} hold no whole model and are not scored: ${errorMessage(error)}`);
    }
  }
  return found;
}

/** By training, each where its first checkpoint was written, then by epoch. */
function inOrder(kept: readonly KeptCheckpoint[]): readonly KeptCheckpoint[] {
  const begun = new Map<string, number>();
  for (const { training, path } of kept)
    begun.set(training, Math.min(begun.get(training) ?? Infinity, statSync(path).mtimeMs));
  return kept.toSorted((a, b) => (begun.get(a.training) ?? 0) - (begun.get(b.training) ?? 0) || a.epoch - b.epoch);
}

function scoreCheckpoint(job: CheckpointJob, file: string): Pick<CheckpointScores, 'scores' | 'groups'> {
  const { trainer, config, shape, device, images } = job;
  const { pixels } = images.pixels;
  if (trainer.gives === 'groups') {
    const model = trainer.method.openCheckpoint(file, config.options, shape, device);
    try {
      return judge(job, model.label(pixels).labels);
    } finally {
      model.dispose();
    }
  }
  const model = trainer.method.openCheckpoint(file, config.options, shape, device);
  try {
    using embeddings = model.embed(pixels);
    return judge(job, groupRows(embeddings, job.groups, job.seed));
  } finally {
    model.dispose();
  }
}

function judge({ labels, images }: CheckpointJob, groups: Int32Array): Pick<CheckpointScores, 'scores' | 'groups'> {
  const scores = scoreAgainst(labels, images.pixels.items, groups);
  if (scores === null) throw new MusterError('labels', 'no image of the run has a label', { kind: 'usage' });
  return { scores, groups: new Set(groups).size };
}

/** Euclidean k-means on embeddings as they are: how MMDC's Table IV judges features. */
export function groupRows(embeddings: Tensor, groups: number, seed: number): Int32Array {
  return scope(() => {
    using random = generator(seedStream(seed, 'evaluate', 'k-means'));
    const { labels } = kmeans(embeddings, { k: groups, restarts, generator: random });
    return labels.to('int32').toTypedArray() as Int32Array;
  });
}

/** Scores of k-means on embeddings. */
export function scoreFeatures(job: Omit<CheckpointJob, 'trainer' | 'shape'>, embeddings: Tensor): Scores | null {
  return scoreAgainst(job.labels, job.images.pixels.items, groupRows(embeddings, job.groups, job.seed));
}
