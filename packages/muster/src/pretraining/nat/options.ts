import { z } from 'zod';
import { LEAST_WIDTH } from '../../models/index.ts';
import { defaultCrop, requireCrops } from '../../train/index.ts';
import type { ImageShape } from '../../train/index.ts';

const share = z.number().min(0).max(1);

/** Settings of NAT; the defaults are the authors' code's, on MMDC's network and views. */
export const natOptions = z.strictObject({
  depth: z.literal([18, 34, 50]).default(18).describe('layers of the ResNet'),
  stem: z.enum(['imagenet', 'cifar', 'mmdc']).default('mmdc').describe('what comes before its stages'),
  width: z.int().min(LEAST_WIDTH).default(64).describe('channels of its first stage'),
  dimension: z.int().min(2).default(2048).describe('numbers of a target point'),

  period: z.int().min(1).default(3).describe('targets change hands in every n-th epoch'),
  loss: z
    .enum(['sum', 'mean'])
    .default('sum')
    .describe('squared distances of a batch are summed (code), or their mean taken'),
  rotation: z
    .boolean()
    .default(false)
    .describe('every epoch begins with one of telling quarter turns apart: NAT+RotNet'),
  rotationRate: z.number().positive().optional().describe('learning rate of the rotations; default: the same'),

  epochs: z.int().min(0).default(100),
  batch: z.int().min(2).default(256).describe('images of a step'),
  rate: z.number().positive().default(0.01).describe('learning rate'),
  decayAt: z.array(z.int().min(0)).default([]).describe('epochs, from 0, at which the rate falls'),
  decayBy: z.number().positive().default(0.2).describe('what it is multiplied by'),
  momentum: share.default(0),
  weightDecay: z.number().min(0).default(0),

  size: z.int().min(8).default(32).describe('side of what the network sees, in pixels'),
  crop: z
    .int()
    .min(1)
    .optional()
    .describe('side of the crops, random in training and central afterwards; default: 5/8 of the images'),
  jitter: z.boolean().default(true).describe('brightness, contrast and saturation by .4, hue by .125'),
  grey: share.default(0.2).describe('share of images that lose their colours'),
  flip: share.default(0.5).describe('share of images that are mirrored'),
  sobel: z.boolean().default(true).describe('edges in place of colours'),
});

export type NatOptions = z.output<typeof natOptions>;

/** The same with what is left to the images filled in, as encoders are stored with. */
export const completeNatOptions = natOptions.required({ crop: true });

export type CompleteNatOptions = z.output<typeof completeNatOptions>;

/**
 * Fills in what the options leave to the images.
 *
 * @param shape of the images that are trained on
 * @throws MusterError `train.crop` where the crop is larger than the images
 */
export function completeNat(options: NatOptions, shape: Pick<ImageShape, 'height' | 'width'>): CompleteNatOptions {
  const { crop = defaultCrop(shape) } = options;
  requireCrops('crop', [crop], shape);
  return completeNatOptions.parse({ ...options, crop }); // in the schema's order, as fingerprints read them
}
