import { noGrad, scope, type Tensor } from '@muster/torch';
import { centreCropResize, compose, type Transform } from '../augment/index.ts';
import { MusterError, type Emit } from '../base/index.ts';
import { mmdcAugmentation, mmdcOptions } from '../methods/index.ts';
import { openResNet, type ResNetBackbone } from '../models/index.ts';
import { channelsFirst, embedImages, plainDraws } from '../train/index.ts';
import type { EvaluateOptions, ProbeResult } from './evaluate-options.ts';
import { probeNetwork } from './evaluate-probe.ts';
import { storeOf, type SavedConfig } from './open-run.ts';
import type { ImageChoice } from './training-data.ts';
import { readWeightsBackbone } from './weights-backbone.ts';

/**
 * A linear probe of a ResNet with given weights, on the views that MMDC's table IV gives all its rows: crops of the images in their own
 * size, enlarged to what the network is given.
 *
 * @param folder of a run of `muster cluster` on that backbone
 * @throws MusterError `eval.network` where the run has no such backbone, or one that cuts no crops
 */
export async function probeBackbone(
  folder: string,
  config: SavedConfig,
  options: EvaluateOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const file = readWeightsBackbone(config.backbone?.weights?.source ?? '');
  if (file?.crop === undefined) {
    throw new MusterError(
      'eval.network',
      'the run trained no network on images, nor has it a backbone that cuts crops',
      {
        where: folder,
        kind: 'usage',
        fix: 'leave --probe out, or make the run with --backbone resnet18:FILE,size=32,crop=20',
      },
    );
  }
  const { probeFit: fit, probeTest: test, probeViews, probeEpochs: epochs, seed } = options;
  const backbone = await openResNet(file);
  try {
    const { plain, augmented } = viewsOf(file.crop, backbone.inputSize);
    const embedder = { dimension: backbone.dimension, embed: (pixels: Tensor) => through(backbone, plain, pixels) };
    const images = imagesOf(folder, config, options);
    const job = {
      ...{ images, fit, test, epochs, seed, device: 'cpu' as const },
      embed: (pixels: Tensor) => embedImages(embedder, pixels, 'cpu'),
      embedAugmented:
        probeViews === 'training'
          ? (pixels: Tensor, draws: Parameters<Transform>[1]) =>
              through(backbone, (given) => augmented(given, draws), pixels)
          : null,
    };
    return await probeNetwork(job, emit, signal);
  } finally {
    backbone.dispose();
  }
}

/** MMDC's views with one size of crop. */
function viewsOf(crop: number, size: number): { plain: (images: Tensor) => Tensor; augmented: Transform } {
  const middle = compose(centreCropResize({ crop, output: size }));
  return {
    plain: (images) => middle(images, plainDraws(images.shape[0] ?? 0)),
    augmented: mmdcAugmentation({ ...mmdcOptions.parse({ groups: 1, size }), crop, crops: [crop], decayAt: [] }, 3),
  };
}

/** uint8 [n, H, W, 3] to features [n, D]. */
function through(backbone: ResNetBackbone, view: (images: Tensor) => Tensor, pixels: Tensor): Tensor {
  return noGrad(() => scope(() => backbone.features(view(channelsFirst(pixels)))));
}

/** The run's images in their own size. */
function imagesOf(folder: string, config: SavedConfig, { labels, store }: EvaluateOptions): ImageChoice {
  const { source, as, split } = config;
  return {
    ...{ source, as, split, labels: labels ?? config.labels ?? 'folders' },
    store: storeOf(folder, config, store, process.cwd()),
    form: { size: null, channels: 3, resize: 'whole', filter: 'bilinear' },
  };
}
