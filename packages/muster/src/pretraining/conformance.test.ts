import { beforeAll, describe, expect, test } from 'vitest';
import { setThreads } from '@muster/torch';
import { pretrainingDemands } from './conformance.ts';
import { findPretraining, pretrainings } from './index.ts';

/** What a pretraining needs to go through all its parts in less than a second; it need not learn anything. */
const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  nat: { width: 8, size: 16, crop: 14, dimension: 8, epochs: 2, batch: 16 },
  rotnet: { width: 8, size: 16, crop: 14, epochs: 2, batch: 16 },
  simclr: { width: 8, size: 16, epochs: 2, batch: 16, rate: 0.1 },
};

beforeAll(() => setThreads(1));

describe.each(pretrainings.map((pretraining) => [pretraining.id, pretraining] as const))('%s', (id, pretraining) => {
  const candidate = { pretraining, options: settings[id] ?? {} };
  for (const demand of pretrainingDemands) test(demand.name, () => demand.run(candidate));
});

test('pretrainings have different names, and there is none of another', () => {
  expect(new Set(pretrainings.map(({ id }) => id)).size).toBe(pretrainings.length);
  expect(findPretraining('simmclr')).toBeUndefined();
});
