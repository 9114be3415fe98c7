import { z } from 'zod';
import { LEAST_WIDTH } from '../../models/index.ts';
import { poolOption } from '../method.ts';

const channels = z.array(z.number()).refine(({ length }) => length === 1 || length === 3, 'one number a channel');

/** Settings of SCAN on images; the defaults are the authors' code's for CIFAR-10. */
export const scanImagesOptions = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),

  pretext: z.string().min(1).optional().describe('folder of a SimCLR run to begin with; default: it is trained first'),
  depth: z
    .literal([18, 34, 50])
    .default(18)
    .describe('layers of the ResNet; with pretext, network and views are its own'),
  stem: z
    .enum(['imagenet', 'cifar', 'mmdc'])
    .default('cifar')
    .describe('what comes before its stages; mmdc for STL-10'),
  width: z.int().min(LEAST_WIDTH).default(64).describe('channels of its first stage'),
  projection: z.int().min(1).default(128).describe("width of the pretext's output, in which neighbours are found"),
  size: z
    .int()
    .min(8)
    .optional()
    .describe("side of what the network sees, in pixels; default: the images' shorter side"),
  mean: channels.optional().describe('of the channels, on the scale 0..1; default: measured'),
  sd: channels.optional().describe('their standard deviations; default: measured'),

  pretextEpochs: z.int().min(0).default(500),
  pretextBatch: z.int().min(2).default(512).describe('images of a step, in two views each'),
  pretextRate: z.number().positive().default(0.4).describe('learning rate, falling to a thousandth along a cosine'),
  pretextWeightDecay: z.number().min(0).default(1e-4),
  temperature: z.number().positive().default(0.1),

  neighbours: z.int().min(1).max(1000).default(20).describe('nearest others of an image; it is one of them itself'),
  pool: poolOption,
  epochs: z.int().min(0).default(50).describe('of the clustering step'),
  batch: z.int().min(2).default(128).describe('images of a step, with a neighbour each'),
  rate: z.number().positive().default(1e-4).describe('learning rate of Adam'),
  weightDecay: z.number().min(0).default(1e-4),
  entropyWeight: z.number().min(0).default(5).describe('weight of the balance'),
  keep: z.enum(['lowest-loss', 'last']).default('lowest-loss').describe('which epoch of the clustering step goes on'),

  selfEpochs: z.int().min(0).default(200).describe('of self-labelling'),
  selfBatch: z.int().min(2).default(1000),
  selfRate: z.number().positive().default(1e-4).describe('learning rate of Adam'),
  selfWeightDecay: z.number().min(0).default(1e-4),
  selfEma: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('momentum of the average of the weights that every step ends with, .999 for ImageNet; default: none'),
  threshold: z.number().min(0).max(1).default(0.99).describe('probability above which a label is taken for sure'),
  balance: z.boolean().default(true).describe('groups with few sure images weigh more'),

  operations: z.int().min(0).default(4).describe('RandAugment operations of a strong view'),
  cutout: z
    .tuple([z.int().min(1), z.int().min(1)])
    .default([1, 16])
    .describe('least and largest side of its hole, in pixels'),
});

export type ScanImagesOptions = z.output<typeof scanImagesOptions>;
