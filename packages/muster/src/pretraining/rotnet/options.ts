import { z } from 'zod';
import { LEAST_WIDTH } from '../../models/index.ts';

/** Settings of RotNet; the defaults are the authors' code's for CIFAR, on MMDC's network and crops. */
export const rotNetOptions = z.strictObject({
  depth: z.literal([18, 34, 50]).default(18).describe('layers of the ResNet'),
  stem: z.enum(['imagenet', 'cifar', 'mmdc']).default('mmdc').describe('what comes before its stages'),
  width: z.int().min(LEAST_WIDTH).default(64).describe('channels of its first stage'),

  epochs: z.int().min(0).default(200),
  batch: z.int().min(1).default(128).describe('images of a step, each in four turns'),
  rate: z.number().positive().default(0.1).describe('learning rate'),
  decayAt: z.array(z.int().min(0)).default([60, 120, 160]).describe('epochs, from 0, at which the rate falls'),
  decayBy: z.number().positive().default(0.2).describe('what it is multiplied by'),
  warmup: z.int().min(0).default(0).describe('epochs in which the rate rises evenly to its value'),
  momentum: z.number().min(0).max(1).default(0.9),
  nesterov: z.boolean().default(true),
  weightDecay: z.number().min(0).default(5e-4),

  size: z.int().min(8).default(32).describe('side of what the network sees, in pixels'),
  crop: z.int().min(1).default(20).describe('side of the crops, random in training and central afterwards'),
});

export type RotNetOptions = z.output<typeof rotNetOptions>;
