import type { Device, Tensor } from '@muster/torch';
import { MusterError, type Emit } from '../base/index.ts';
import { linearProbe } from '../metrics/index.ts';
import type { ProbeResult } from './evaluate-options.ts';
import { openTrainingImages, type ImageChoice } from './training-data.ts';

/** A linear probe of a network. */
export interface ProbeJob {
  /** The run's images; their split is not used. */
  readonly images: ImageChoice;
  readonly embed: (pixels: Tensor) => Tensor;
  readonly epochs: number;
  readonly seed: number;
  readonly device: Device;
}

/** Splits that a probe is fitted on and scored on. */
const fitSplit = 'train';
const testSplit = 'test';

/**
 * Fits a linear classifier on the frozen features of the training split, and scores it on the test split. It alone reads labels while it
 * fits.
 *
 * @throws MusterError `eval.probe` where the data have no such splits with labels
 * @source MMDC section IV, without its random crops: the features are those of the plain images
 */
export async function probeNetwork(job: ProbeJob, emit: Emit, signal: AbortSignal): Promise<ProbeResult> {
  using fit = await featuresOf(job, fitSplit, emit, signal);
  using test = await featuresOf(job, testSplit, emit, signal);
  const { epochs, seed, device } = job;
  const { accuracy, note } = await linearProbe(fit, test, { epochs, seed, device, emit, signal });
  return { accuracy, fit: fitSplit, test: testSplit, note };
}

interface Split extends Disposable {
  readonly features: Tensor;
  readonly labels: Int32Array;
}

async function featuresOf({ images, embed }: ProbeJob, split: string, emit: Emit, signal: AbortSignal): Promise<Split> {
  const opened = await openTrainingImages({ ...images, split }, emit, signal);
  try {
    const { labels, pixels } = opened;
    const values = Int32Array.from(pixels.items, (item) => labels?.values[item] ?? -1);
    if (labels === null || values.includes(-1)) {
      throw new MusterError('eval.probe', `images of the split ${split} have no label`, {
        where: images.source,
        kind: 'usage',
        fix: 'a probe is fitted on labels: give them with --labels',
      });
    }
    const features = embed(pixels.pixels);
    return { features, labels: values, [Symbol.dispose]: () => features.dispose() };
  } finally {
    opened[Symbol.dispose]();
    await opened.close();
  }
}
