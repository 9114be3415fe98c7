import { z } from 'zod';
import { poolOption } from '../method.ts';

/**
 * Settings of TAC. The defaults are the paper's; where paper and code differ, the code's. Our own are only: k-means looks at all points and
 * tries 3 starts for the centres, where the code has 256 points a centre and 10 starts; sets too small for 300 steps in the paper's 20 epochs
 * are trained longer; neighbours are sought in a pool above 200,000 rows.
 */
export const tacOptions = z.strictObject({
  groups: z.int().min(1).describe('number of groups, at most'),
  training: z
    .enum(['heads', 'none', 'counterparts'])
    .default('heads')
    .describe('two trained heads; k-means on images beside their text; k-means on the text alone'),

  centres: z
    .enum(['k-means', 'agglomerative', 'spectral', 'dbscan', 'all-nouns'])
    .default('k-means')
    .describe('how semantic centres are found; all-nouns: no nouns are chosen'),
  centreCount: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('semantic centres; by default max(N / centreSize, 3 groups)'),
  centreSize: z.int().min(1).default(300).describe('images that a centre should stand for'),
  centrePoints: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('at most so many images a centre are looked at to find centres; the code: 256; null: all'),
  centreRestarts: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('k-means starts for the centres; by default 3, the code has 10; by mini-batches 1 to 10'),
  centreRounds: z.int().min(1).default(300).describe('k-means rounds for the centres, at most'),

  gamma: z.int().min(1).default(5).describe('nouns a centre'),
  rule: z
    .enum(['argmax', 'threshold'])
    .default('argmax')
    .describe('the surest nouns of a centre: the code, or eq. 5 read literally'),
  classNames: z.boolean().default(false).describe('the class names that are given take the place of chosen nouns'),
  temperature: z.number().positive().nullable().default(null).describe("of the retrieval; by default the text space's"),
  order: z.enum(['image-text', 'text-image']).default('image-text').describe('of the joined halves, without training'),
  restarts: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('k-means starts of the groups, without training; by default 20; by mini-batches 1 to 10'),
  groupPoints: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('at most so many images a group are looked at by that k-means; the code: 256; null: all'),

  hidden: z.int().min(1).default(512).describe('hidden units of a head'),
  neighbours: z.int().min(1).max(1000).default(50).describe('nearest others of an image and of its text'),
  pool: poolOption,
  loss: z.enum(['code', 'paper']).default('code').describe("the authors' code, or the printed formulas"),
  distillationTemperature: z.number().positive().default(0.5).describe('5 with very many groups'),
  alpha: z.number().min(0).default(5).describe('weight of the balance'),
  without: z
    .array(z.enum(['distillation', 'confidence', 'balance']))
    .max(2)
    .default([])
    .describe('terms of the loss that are left out (Table V)'),
  epochs: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('by default the 20 of the paper, more on small data: at least 300 steps'),
  batch: z.int().min(2).default(512),
  rate: z.number().positive().default(1e-3).describe('learning rate of Adam'),
});

/** Checked settings of TAC. */
export type TacOptions = z.output<typeof tacOptions>;
