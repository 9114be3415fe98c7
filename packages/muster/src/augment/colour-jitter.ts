import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { greyOf, turnHue } from './colour.ts';
import type { Draws } from './draws.ts';
import { scalars, indexTensor, onChosen, onPlanes, placesOf, take } from './transform.ts';
import type { Transform } from './transform.ts';

/** The operations of a jitter, by their numbers in an order. */
export const jitterOperations = ['brightness', 'contrast', 'saturation', 'hue'] as const;
/** One of them. */
export type JitterOperation = (typeof jitterOperations)[number];

/** How far each operation goes. */
export interface ColourJitterOptions {
  /** Factors from max(0, 1 - x) to 1 + x. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Shifts from -x to x of the colour circle, x at most .5. */
  readonly hue: number;
  /** Share of the images that are changed. Default 1. */
  readonly p?: number;
}

/** What is done to each of n images. */
export interface JitterParameters extends Readonly<Record<JitterOperation, ArrayLike<number>>> {
  /** [n, 4] operations by number, in their order. A number below 0 is no operation. */
  readonly order: ArrayLike<number>;
}

/**
 * Brightness, contrast, saturation and hue by random factors, in an order drawn for each image.
 *
 * @source torchvision's ColorJitter on tensors
 */
export function colourJitter({ brightness, contrast, saturation, hue, p = 1 }: ColourJitterOptions): Transform {
  const around = (draws: Draws, name: string, by: number) => draws.uniform(name, Math.max(0, 1 - by), 1 + by);
  return (images, draws) =>
    onChosen(images, draws.chance('jitter', p), (some, places) => {
      const own = places.length === draws.count ? draws : draws.part(places);
      return jitter(some, {
        brightness: around(own, 'jitter.brightness', brightness),
        contrast: around(own, 'jitter.contrast', contrast),
        saturation: around(own, 'jitter.saturation', saturation),
        hue: own.uniform('jitter.hue', -hue, hue),
        order: own.permutation('jitter.order', jitterOperations.length),
      });
    });
}

/**
 * Jitters each image by its own factors in its own order, in rounds: in each round every image goes through one operation.
 * Brightness, contrast and saturation are f x + (1 - f) y, clamped, with y = 0, the image's mean grey, or each pixel's grey,
 * and are done for all images together.
 *
 * @param images float [n, 3, h, w] in 0..1; with one channel saturation and hue do nothing
 */
export function jitter(images: Tensor, parameters: JitterParameters): Tensor {
  const [count = 0, channels = 0] = images.shape;
  if (count === 0) return images.view(images.shape);
  const rounds = parameters.order.length / count;
  return onPlanes(images, (planes) => {
    const own = planes.clone();
    for (let round = 0; round < rounds; round++) {
      const operations = Array.from({ length: count }, (_, at) => parameters.order[at * rounds + round] ?? -1);
      torch.scope(() => {
        blend(own, parameters, operations);
        if (channels === 3) shiftHues(own, parameters, operations);
      });
    }
    return own;
  });
}

function blend(own: Tensor, parameters: JitterParameters, operations: readonly number[]): void {
  const names = operations.map((operation) => jitterOperations[operation] ?? 'hue');
  const factors = names.map((name, at) => (name === 'hue' ? 1 : (parameters[name][at] ?? 1)));
  const rest = (wanted: JitterOperation) => names.map((name, at) => (name === wanted ? 1 - (factors[at] ?? 1) : 0));
  const [f, towardsMean, towardsGrey] = scalars([factors, rest('contrast'), rest('saturation')], own.device);
  const grey = own.shape[1] === 3 ? greyOf(own) : own.clone();
  const mean = grey.mean([2, 3], true);
  own
    .mul_(f)
    .add_(grey.mul_(towardsGrey).add_(mean.mul_(towardsMean)))
    .clamp_(0, 1);
}

function shiftHues(own: Tensor, parameters: JitterParameters, operations: readonly number[]): void {
  const places = placesOf(operations.map((operation) => jitterOperations[operation] === 'hue'));
  if (places.length === 0) return;
  const index = indexTensor(places, own.device);
  const [shifts] = scalars([take(parameters.hue, places)], own.device);
  own.indexCopy_(0, index, turnHue(own.indexSelect(0, index), shifts));
}
