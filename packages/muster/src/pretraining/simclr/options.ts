import { z } from 'zod';
import { LEAST_WIDTH } from '../../models/index.ts';

const channels = z.array(z.number()).refine(({ length }) => length === 1 || length === 3, 'one number a channel');

/** Settings of SimCLR; the defaults are those of SCAN's pretext for CIFAR. */
export const simClrOptions = z.strictObject({
  depth: z.literal([18, 34, 50]).default(18).describe('layers of the ResNet'),
  stem: z
    .enum(['imagenet', 'cifar', 'mmdc'])
    .default('cifar')
    .describe('what comes before its stages; mmdc for STL-10'),
  width: z.int().min(LEAST_WIDTH).default(64).describe('channels of its first stage'),
  hidden: z.int().min(1).optional().describe("width of the projection's hidden layer; default: that of the features"),
  projection: z.int().min(1).default(128).describe('width of the projection'),

  temperature: z.number().positive().default(0.1),
  form: z
    .enum(['anchor', 'full'])
    .default('anchor')
    .describe('anchor: the first views ask (SCAN); full: both do (SimCLR)'),

  epochs: z.int().min(0).default(500),
  batch: z.int().min(2).default(512).describe('images of a step, in two views each'),
  rate: z.number().positive().default(0.4).describe('learning rate, falling to a thousandth along a cosine'),
  momentum: z.number().min(0).max(1).default(0.9),
  weightDecay: z.number().min(0).default(1e-4),

  size: z
    .int()
    .min(8)
    .optional()
    .describe("side of what the network sees, in pixels; default: the images' shorter side"),
  least: z.number().positive().max(1).default(0.2).describe('least share of an image that a view shows'),
  mean: channels.optional().describe('of the channels, on the scale 0..1; default: measured'),
  sd: channels.optional().describe('their standard deviations; default: measured'),
});

export type SimClrOptions = z.output<typeof simClrOptions>;
