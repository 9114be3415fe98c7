import { z } from 'zod';
import { LEAST_WIDTH } from '../../models/index.ts';
import { defaultCrop, epochsAt, requireCrops } from '../../train/index.ts';
import type { ImageShape } from '../../train/index.ts';

/** Settings of RotNet; the defaults are the authors' code's for CIFAR, on MMDC's network and crops. */
export const rotNetOptions = z.strictObject({
  depth: z.literal([18, 34, 50]).default(18).describe('layers of the ResNet'),
  stem: z.enum(['imagenet', 'cifar', 'mmdc']).default('mmdc').describe('what comes before its stages'),
  width: z.int().min(LEAST_WIDTH).default(64).describe('channels of its first stage'),

  epochs: z.int().min(0).default(200),
  batch: z.int().min(1).default(128).describe('images of a step, each in four turns'),
  rate: z.number().positive().default(0.1).describe('learning rate'),
  decayAt: z
    .array(z.int().min(0))
    .optional()
    .describe('epochs, from 0, at which the rate falls; default: after .3, .6 and .8 of them'),
  decayBy: z.number().positive().default(0.2).describe('what it is multiplied by'),
  warmup: z.int().min(0).default(0).describe('epochs in which the rate rises evenly to its value'),
  momentum: z.number().min(0).max(1).default(0.9),
  nesterov: z.boolean().default(true),
  weightDecay: z.number().min(0).default(5e-4),

  size: z.int().min(8).default(32).describe('side of what the network sees, in pixels'),
  crop: z
    .int()
    .min(1)
    .optional()
    .describe('side of the crops, random in training and central afterwards; default: 5/8 of the images'),
});

export type RotNetOptions = z.output<typeof rotNetOptions>;

/** The same with what is left to the images and the epochs filled in, as encoders are stored with. */
export const completeRotNetOptions = rotNetOptions.required({ crop: true, decayAt: true });

export type CompleteRotNetOptions = z.output<typeof completeRotNetOptions>;

/** Shares of the epochs after which the rate falls: 60, 120 and 160 of 200. */
const DECAY = [0.3, 0.6, 0.8];

/**
 * Fills in what the options leave to the images and the epochs.
 *
 * @param shape of the images that are trained on
 * @throws MusterError `train.crop` where the crop is larger than the images
 */
export function completeRotNet(
  options: RotNetOptions,
  shape: Pick<ImageShape, 'height' | 'width'>,
): CompleteRotNetOptions {
  const { crop = defaultCrop(shape), decayAt = epochsAt(DECAY, options.epochs) } = options;
  requireCrops('crop', [crop], shape);
  return completeRotNetOptions.parse({ ...options, crop, decayAt }); // in the schema's order, as fingerprints read them
}
