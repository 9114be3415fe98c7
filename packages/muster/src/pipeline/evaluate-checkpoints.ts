import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { generator, scope, type Device, type Tensor } from '@muster/torch';
import { errorMessage, MusterError, seedStream, type Emit } from '../base/index.ts';
import { kmeans } from '../cluster/index.ts';
import type { Labels } from '../data/index.ts';
import type { KeptCheckpoint } from '../train/index.ts';
import type { CheckpointScores, GroupScores } from './evaluate-options.ts';
import { scoreAgainst } from './score.ts';
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
  /** Groups that k-means makes of features. */
  readonly groups: number;
  /** Whether k-means on features is scored beside a method's own groups. */
  readonly features: boolean;
  readonly seed: number;
  readonly device: Device;
}

/** Starts of k-means on features. */
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

function scoreCheckpoint(job: CheckpointJob, file: string): Omit<CheckpointScores, 'training' | 'epoch'> {
  const { trainer, config, shape, device, images } = job;
  const { pixels } = images.pixels;
  if (trainer.gives === 'groups') {
    const model = trainer.method.openCheckpoint(file, config.options, shape, device);
    try {
      const features = job.features ? judgeFeatures(job, model) : null;
      return { ...judge(job, model.label(pixels).labels), features };
    } finally {
      model.dispose();
    }
  }
  const model = trainer.method.openCheckpoint(file, config.options, shape, device);
  try {
    return { ...judgeFeatures(job, model), features: null };
  } finally {
    model.dispose();
  }
}

/** Scores of k-means on the features of the job's images, as they are: how MMDC's table IV judges features. */
export function judgeFeatures(
  job: Pick<CheckpointJob, 'labels' | 'images' | 'groups' | 'seed'>,
  model: { embed(pixels: Tensor): Tensor },
): GroupScores {
  using features = model.embed(job.images.pixels.pixels);
  return judge(job, groupRows(features, job.groups, job.seed));
}

function judge({ labels, images }: Pick<CheckpointJob, 'labels' | 'images'>, groups: Int32Array): GroupScores {
  const scores = scoreAgainst(labels, images.pixels.items, groups);
  if (scores === null) throw new MusterError('labels', 'no image of the run has a label', { kind: 'usage' });
  return { scores, groups: new Set(groups).size };
}

/** Euclidean k-means. */
function groupRows(features: Tensor, groups: number, seed: number): Int32Array {
  return scope(() => {
    using random = generator(seedStream(seed, 'evaluate', 'k-means'));
    const { labels } = kmeans(features, { k: groups, restarts, generator: random });
    return labels.to('int32').toTypedArray() as Int32Array;
  });
}
