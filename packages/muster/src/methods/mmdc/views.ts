import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import {
  centreCropResize,
  colourJitter,
  compose,
  Draws,
  greyscale,
  horizontalFlip,
  randomCrop,
  rotate,
  sobel,
} from '../../augment/index.ts';
import type { Transform } from '../../augment/index.ts';
import { plainDraws } from '../../train/index.ts';
import type { CompleteMmdcOptions } from './options.ts';

/** Strengths of the code's colour jitter, which it applies to every image. */
const JITTER = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.125 } as const;

/** Images of a step and what their random views depend on. */
export interface ImageBatch {
  /** uint8 [n, C, H, W] */
  readonly images: Tensor;
  /** Their rows in the collection. */
  readonly rows: Int32Array;
  readonly seed: number;
  readonly epoch: number;
}

/** The three views of images that MMDC works with; they give float32 [n, C, size, size] in 0..1. Source: the authors' code. */
export interface MmdcViews {
  /** Centre crops of uint8 [n, C, H, W]: targets are assigned by them, and groups are told by them. */
  plain(images: Tensor): Tensor;
  /** g(X), `copies` of each image: [copies n, ...], the whole batch once, then again. */
  augmented(batch: ImageBatch, copies: number): Tensor;
  /** A random crop of an image that was turned, for the rotation task. */
  readonly cropped: Transform;
}

/** The views of the options, computed on a device. @param channels of the images, 1 or 3 */
export function mmdcViews(options: CompleteMmdcOptions, channels: number, device: Device): MmdcViews {
  const { crop, crops, size } = options;
  const edges = options.sobel ? [sobel({ grey: 'mean' })] : [];
  const plain = compose(centreCropResize({ crop, output: size }), ...edges);
  const random = augmentation(options, channels);
  const seen = (images: Tensor, view: (images: Tensor) => Tensor): Tensor =>
    noGrad(() => scope(() => view(images.to({ device })).contiguous({ memoryFormat: 'channelsLast' })));
  return {
    plain: (images) => seen(images, (given) => plain(given, plainDraws(given.shape[0] ?? 0))),
    augmented: ({ images, ...batch }, copies) =>
      seen(images, (given) =>
        torch.cat(Array.from({ length: copies }, (_, view) => random(given, new Draws({ ...batch, view })))),
      ),
    cropped: compose(randomCrop({ sizes: crops, output: size }), ...edges),
  };
}

/** g: what is done to images that targets are learned from. In the code's order: jitter, grey, flip, rotation, crop, resize. */
export function augmentation(options: CompleteMmdcOptions, channels: number): Transform {
  const { crops, size, turn, jitter, grey, flip } = options;
  const hasColours = channels === 3;
  return compose(
    ...(hasColours && jitter ? [colourJitter(JITTER)] : []),
    ...(hasColours && grey > 0 ? [greyscale({ p: grey })] : []),
    ...(flip > 0 ? [horizontalFlip({ p: flip })] : []),
    ...(turn > 0 ? [rotate({ degrees: turn, filter: 'nearest' })] : []),
    randomCrop({ sizes: crops, output: size }),
    ...(options.sobel ? [sobel({ grey: 'mean' })] : []),
  );
}
