import type { Device, Tensor } from '@muster/torch';
import { Draws } from '../augment/index.ts';
import { MusterError, seedStream, type Emit } from '../base/index.ts';
import { linearProbe, type FeaturesOf } from '../metrics/index.ts';
import { gatherPixels, type EmbedAugmented } from '../train/index.ts';
import type { ProbeResult } from './evaluate-options.ts';
import { openTrainingImages, type ImageChoice } from './training-data.ts';

/** A linear probe of a network. */
export interface ProbeJob {
  /** The run's images; their split is not used. */
  readonly images: ImageChoice;
  /** Splits that it is fitted on and scored on. */
  readonly fit: string;
  readonly test: string;
  readonly embed: (pixels: Tensor) => Tensor;
  /** Embeds random views, which the probe is then fitted on; null: the images as they are. */
  readonly embedAugmented: EmbedAugmented | null;
  readonly epochs: number;
  readonly seed: number;
  readonly device: Device;
}

/**
 * Fits a linear classifier on the frozen features of one split, and scores it on the plain images of another. It alone reads labels while it
 * fits.
 *
 * @throws MusterError `eval.probe` where the two have images in common, or the data have no such splits with labels
 * @source MMDC section IV: fitted on the training's random views, drawn anew in every epoch
 */
export async function probeNetwork(job: ProbeJob, emit: Emit, signal: AbortSignal): Promise<ProbeResult> {
  const { embed, embedAugmented, epochs, seed, device } = job;
  await using open = new AsyncDisposableStack();
  requireApart(job);
  const fit = await openSplit(job, job.fit, open, emit, signal);
  const test = await openSplit(job, job.test, open, emit, signal);
  const features =
    embedAugmented === null
      ? open.use(embed(fit.pixels))
      : viewsOf(fit.pixels, embedAugmented, seedStream(seed, 'probe-views'));
  const scored = open.use(embed(test.pixels));
  const { accuracy, note } = await linearProbe(
    { features, labels: fit.labels },
    { features: scored, labels: test.labels },
    { epochs, seed, device, emit, signal },
  );
  return { accuracy, views: embedAugmented === null ? 'plain' : 'training', fit: job.fit, test: job.test, note };
}

/** Features of views that are drawn anew in every epoch. */
function viewsOf(pixels: Tensor, embed: EmbedAugmented, seed: number): FeaturesOf {
  return async (rows, epoch) => {
    using batch = await gatherPixels(pixels, rows);
    return embed(batch, new Draws({ seed, epoch, view: 0, rows }));
  };
}

interface Split {
  readonly pixels: Tensor;
  readonly labels: Int32Array;
}

const otherSplits = 'name other splits by --probe-fit and --probe-test';

function requireApart({ images, fit, test }: ProbeJob): void {
  const common = fit.split('+').find((split) => test.split('+').includes(split));
  if (common === undefined) return;
  throw new MusterError('eval.probe', `the probe would be scored on images that it is fitted on, those of ${common}`, {
    where: images.source,
    kind: 'usage',
    fix: otherSplits,
  });
}

/** A split that is not here: says which options name others. */
function nameOptions(error: unknown): never {
  if (!(error instanceof MusterError) || error.code !== 'data.split') throw error;
  throw new MusterError('eval.probe', `${error.what} (${error.fix ?? ''})`, {
    where: error.where,
    kind: 'usage',
    fix: otherSplits,
    cause: error,
  });
}

/** Images and labels of a split, open as long as the stack. */
async function openSplit(
  { images }: ProbeJob,
  split: string,
  open: AsyncDisposableStack,
  emit: Emit,
  signal: AbortSignal,
): Promise<Split> {
  const opened = await openTrainingImages({ ...images, split }, emit, signal).catch(nameOptions);
  open.adopt(opened, (one) => one.close());
  open.use(opened);
  const { labels, pixels } = opened;
  const values = Int32Array.from(pixels.items, (item) => labels?.values[item] ?? -1);
  if (labels === null || values.includes(-1)) {
    throw new MusterError('eval.probe', `images of the split ${split} have no label`, {
      where: images.source,
      kind: 'usage',
      fix: `a probe is fitted on labels: ${otherSplits}, or give labels with --labels`,
    });
  }
  return { pixels: pixels.pixels, labels: values };
}
