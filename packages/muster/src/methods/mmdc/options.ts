import { z } from 'zod';
import { LEAST_WIDTH } from '../../models/index.ts';
import { defaultCrop, epochsAt, requireCrops } from '../../train/index.ts';
import type { ImageShape } from '../../train/index.ts';

const share = z.number().min(0).max(1);

const fields = z.strictObject({
  groups: z.int().min(1).describe('number of groups, K'),
  network: z.enum(['resnet18', 'vgg']).default('resnet18').describe('vgg: four layers, for digits'),
  width: z.int().min(LEAST_WIDTH).optional().describe('channels of the first layers; default 64, for vgg 32'),

  means: z.enum(['one-hot', 'sphere']).default('one-hot').describe('centres of the target points'),
  dimension: z.int().min(1).optional().describe('numbers of a target point, d; default: groups'),
  sigma: z.number().min(0).default(0).describe('spread of the points around their centre'),
  sigmaIs: z
    .enum(['sd', 'variance'])
    .default('sd')
    .describe('what sigma is: in the code the former, in the text the latter'),
  loss: z
    .enum(['squared', 'euclidean'])
    .default('squared')
    .describe('mean square of all numbers (code), or mean distance (text)'),

  rotation: z.boolean().default(true).describe('whether rotations are told apart, too'),
  refineFrom: z.int().min(0).optional().describe('epoch, from 0, whence targets come from k-means; default: never'),
  restarts: z.int().min(1).default(10).describe('k-means starts of the refinement'),

  epochs: z.int().min(0).default(400),
  batch: z.int().min(1).default(128).describe('images of a step'),
  copies: z.int().min(1).default(1).describe('transformed copies of each image in a step, r'),
  rate: z.number().positive().default(0.05).describe('learning rate of the clustering'),
  rotationRate: z.number().positive().optional().describe('learning rate of the rotations; default: the same'),
  decayAt: z
    .array(z.int().min(0))
    .optional()
    .describe('epochs, from 0, at which both rates fall; default: after three quarters'),
  decayBy: z.number().positive().default(0.2).describe('what they are multiplied by'),
  momentum: share.default(0.9),
  weightDecay: z.number().min(0).default(5e-4).describe('of tensors with more than one dimension'),

  size: z.int().min(16).default(32).describe('side of what the network sees, in pixels'),
  crop: z
    .int()
    .min(1)
    .optional()
    .describe('side of the centre crop that targets are assigned by, and groups told by; default: 5/8 of the images'),
  crops: z
    .array(z.int().min(1))
    .min(1)
    .optional()
    .describe('sides of the random crops, one drawn for each image; default: crop'),
  turn: z.number().min(0).max(180).default(0).describe('images turn by up to so many degrees'),
  jitter: z.boolean().default(true).describe('brightness, contrast and saturation by .4, hue by .125'),
  grey: share.default(0.2).describe('share of images that lose their colours'),
  flip: share.default(0.5).describe('share of images that are mirrored'),
  sobel: z.boolean().default(false).describe('edges in place of colours'),
});

/** One-hot means have a dimension each. */
function meansFit({ means, groups, dimension = groups }: z.output<typeof fields>): boolean {
  return means === 'sphere' || dimension >= groups;
}
const misfit = { error: 'one-hot means need a dimension of at least groups', path: ['dimension'] };

/**
 * Settings of MMDC; the defaults are those of the natural images of 32 pixels (CIFAR-10) as the authors' code runs them.
 * Where it differs from the paper's text, docs/methods/mmdc.md says how.
 */
export const mmdcOptions = fields.refine(meansFit, misfit);

export type MmdcOptions = z.output<typeof mmdcOptions>;

/** The same with what is left to the images and the epochs filled in, as models are stored with. */
export const completeMmdcOptions = fields.required({ crop: true, crops: true, decayAt: true }).refine(meansFit, misfit);

export type CompleteMmdcOptions = z.output<typeof completeMmdcOptions>;

/** Share of the epochs after which the rates fall: 300 of 400. */
const DECAY = [3 / 4];

/**
 * Fills in what the options leave to the images and the epochs.
 *
 * @param shape of the images that are trained on
 * @throws MusterError `train.crop` where a crop is larger than the images
 */
export function completeMmdc(options: MmdcOptions, shape: Pick<ImageShape, 'height' | 'width'>): CompleteMmdcOptions {
  const { crop = defaultCrop(shape), crops = [crop], decayAt = epochsAt(DECAY, options.epochs) } = options;
  requireCrops('crop', [crop], shape);
  requireCrops('crops', crops, shape);
  return completeMmdcOptions.parse({ ...options, crop, crops, decayAt }); // in the schema's order, as fingerprints read them
}
