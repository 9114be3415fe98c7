import { beforeAll, describe, expect, test } from 'vitest';
import { setThreads } from '@muster/torch';
import { IMAGE_GROUPS, imageDemands } from './conformance-images.ts';
import { demands, PLANTED_GROUPS } from './conformance.ts';
import { findMethod, methods, needsImages } from './index.ts';

/** What a method needs to settle on a few hundred rows in a second; `groups` is added where a method takes it. */
const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  dbscan: { radius: 0.5 },
  tsp: { epochs: 30, batch: 40, rate: 1e-2, neighbours: 10 },
  scan: { epochs: 30, batch: 40, rate: 1e-2, neighbours: 10 },
  tac: { epochs: 25, batch: 30, hidden: 32, neighbours: 10, rate: 1e-2 },
};

/** What a method on images needs to go through all its parts in less than a second; it need not learn anything. */
const imageSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  mmdc: {
    ...{ network: 'vgg', width: 8, epochs: 3, batch: 16, size: 16, crop: 16, crops: [16, 14], flip: 0 },
    ...{ refineFrom: 2, restarts: 2 },
  },
  'scan-images': {
    ...{ width: 8, size: 16, stem: 'mmdc', projection: 16, pretextEpochs: 1, pretextBatch: 16, neighbours: 5 },
    ...{ epochs: 1, batch: 16, selfEpochs: 1, selfBatch: 16, selfEma: 0.5, threshold: 0.4 },
  },
};

beforeAll(() => setThreads(1));

const onEmbeddings = methods.flatMap((method) => (needsImages(method) ? [] : [[method.id, method] as const]));

describe.each(onEmbeddings)('%s', (id, method) => {
  const groups = 'groups' in method.options.shape ? { groups: PLANTED_GROUPS } : {};
  const candidate = { method, options: { ...groups, ...settings[id] } };
  for (const demand of demands) {
    if (demand.concerns?.(method) === false) continue;
    test(demand.name, () => demand.run(candidate));
  }
});

describe.each(methods.filter(needsImages).map((method) => [method.id, method] as const))('%s', (id, method) => {
  const candidate = { method, options: { groups: IMAGE_GROUPS, ...imageSettings[id] } };
  for (const demand of imageDemands) test(demand.name, () => demand.run(candidate));
});

test('methods have different names, and an unknown one is refused', () => {
  expect(new Set(methods.map(({ id }) => id)).size).toBe(methods.length);
  expect(() => findMethod('kmeens')).toThrow(/k-means/);
});
