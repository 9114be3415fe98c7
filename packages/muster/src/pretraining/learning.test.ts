import { beforeAll, expect, test } from 'vitest';
import { setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import { linearProbe } from '../metrics/index.ts';
import { findPretraining } from './index.ts';
import { MADE_CLASSES, makeImages } from './conformance/made-images.ts';

beforeAll(() => setThreads(1));

const context = { seed: 3, device: 'cpu', emit: silent } as const;
const COUNT = 240;
const small = { width: 8, size: 16 };

/** What a probe of the embeddings reaches on images that were not trained on, and the loss of the last epoch. */
async function learn(
  id: string,
  options: Record<string, unknown>,
  isShuffled: boolean,
): Promise<{ probe: number; loss: number }> {
  const fit = makeImages(COUNT, 1, isShuffled);
  const other = makeImages(COUNT, 2, isShuffled);
  const trained = await findPretraining(id)?.fit({ pixels: fit.pixels }, options, context);
  if (trained === undefined) throw new Error(`no pretraining ${id}`);
  const [features, unseen] = [trained.embed(fit.pixels), trained.embed(other.pixels)];
  const { accuracy } = await linearProbe(
    { features, labels: fit.classes },
    { features: unseen, labels: other.classes },
    { epochs: 30 },
  );
  const tensors: Tensor[] = [features, unseen, fit.pixels, other.pixels];
  for (const tensor of tensors) tensor.dispose();
  trained.dispose();
  return { probe: accuracy, loss: trained.values['loss'] ?? Number.NaN };
}

const CHANCE = 1 / MADE_CLASSES;
/** Three standard deviations of a share of COUNT images, and some more. */
const MARGIN = 0.12;

test.each([
  ['simclr', { ...small, epochs: 4, batch: 60, rate: 0.1 }],
  ['nat', { ...small, crop: 16, epochs: 6, batch: 32, dimension: 8, momentum: 0.9, grey: 1 }],
] as const)('%s learns to tell patterns apart, and nothing from shuffled pixels', async (id, options) => {
  const untrained = await learn(id, { ...options, epochs: 0 }, false);
  const { probe } = await learn(id, options, false);
  expect(probe).toBeGreaterThan(0.97);
  expect(probe).toBeGreaterThan(untrained.probe);
  const control = await learn(id, options, true);
  expect(control.probe).toBeLessThan(CHANCE + MARGIN);
});

test.each([
  ['rotnet', { ...small, crop: 14, epochs: 4, batch: 24, decayAt: [3] }],
  [
    'nat',
    {
      ...small,
      crop: 14,
      epochs: 4,
      batch: 24,
      dimension: 8,
      rotation: true,
      loss: 'mean',
      rate: 0.05,
      momentum: 0.9,
      sobel: false,
    },
  ],
] as const)('%s learns to tell turns apart, and in shuffled pixels guesses', async (id, options) => {
  const told = async (isShuffled: boolean): Promise<{ rotation?: number; turnsTold?: number }> => {
    const { pixels } = makeImages(COUNT, 1, isShuffled);
    let last = {};
    const emit: typeof silent = ({ values, level }) => void (level === undefined && (last = values ?? last));
    const trained = await findPretraining(id)?.fit({ pixels }, options, { ...context, emit });
    trained?.dispose();
    pixels.dispose();
    return last;
  };
  const learned = await told(false);
  expect(learned.rotation).toBeLessThan(0.15);
  expect(learned.turnsTold).toBeGreaterThan(0.9);
  const control = await told(true);
  expect(control.rotation).toBeGreaterThan(0.9 * Math.log(4));
  expect(control.turnsTold).toBeLessThan(0.25 + MARGIN);
});
