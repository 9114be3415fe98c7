import { beforeAll, describe, expect, test } from 'vitest';
import { setThreads } from '@muster/torch';
import { IMAGE_GROUPS, imageDemands } from './conformance-images.ts';
import { demands, PLANTED_GROUPS } from './conformance.ts';
import { findMethod, methods, needsImages } from './index.ts';
import type { EmbeddingMethod } from './index.ts';

/** What a method needs to settle on a few hundred rows in a second; `groups` is added where a method takes it. */
const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'k-means': { restarts: 5 },
  dbscan: { radius: 0.5 },
  nmf: { restarts: 2 },
  tsp: { epochs: 30, batch: 40, rate: 1e-2, neighbours: 10 },
  scan: { epochs: 30, batch: 40, rate: 1e-2, neighbours: 10 },
  tac: { epochs: 25, batch: 30, hidden: 32, neighbours: 10, rate: 1e-2 },
};

/** Other ways through a method, on top of its settings. */
const variants: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  'k-means': [
    { metric: 'spherical', components: 4 },
    { algorithm: 'mini-batch', restarts: null },
  ],
  mixture: [{ covariance: 'full', components: 4 }],
  agglomerative: [{ linkage: 'average', metric: 'cosine' }, { neighbours: 10 }],
  spectral: [{ affinity: 'self-tuning' }],
  umap: [{ grouping: 'mixture', epochs: 50, dimensions: 2 }],
  tsp: [
    { hidden: 16, heads: 2 },
    { pairs: 'exact', heads: 3, start: 'random' },
  ],
  tac: [{ training: 'none' }, { training: 'counterparts' }],
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

/** Seconds where cores are free; two threads that wait for one another take minutes where they are not. */
const timeout = 300_000;

beforeAll(() => setThreads(1));

function optionsFor(id: string, { options }: EmbeddingMethod): Record<string, unknown> {
  return { ...('groups' in options.shape ? { groups: PLANTED_GROUPS } : {}), ...settings[id] };
}

const onEmbeddings = methods.flatMap((method) => (needsImages(method) ? [] : [[method.id, method] as const]));

describe.each(onEmbeddings)('%s', (id, method) => {
  const candidate = { method, options: optionsFor(id, method) };
  for (const demand of demands) {
    if (demand.concerns?.(method) === false) continue;
    test(demand.name, { timeout }, () => demand.run(candidate));
  }
});

const variantsOf = onEmbeddings.flatMap(([id, method]) =>
  (variants[id] ?? []).map((options) => [id, options, method] as const),
);

describe.each(variantsOf)('%s %j', (id, options, method) => {
  const candidate = { method, options: { ...optionsFor(id, method), ...options } };
  for (const demand of demands)
    if (demand.ofVariants === true) test(demand.name, { timeout }, () => demand.run(candidate));
});

test('variants are of methods that there are', () => {
  expect(Object.keys(variants).filter((id) => !onEmbeddings.some(([known]) => known === id))).toEqual([]);
});

describe.each(methods.filter(needsImages).map((method) => [method.id, method] as const))('%s', (id, method) => {
  const candidate = { method, options: { groups: IMAGE_GROUPS, ...imageSettings[id] } };
  for (const demand of imageDemands) test(demand.name, () => demand.run(candidate));
});

test('methods have different names, and an unknown one is refused', () => {
  expect(new Set(methods.map(({ id }) => id)).size).toBe(methods.length);
  expect(() => findMethod('kmeens')).toThrow(/k-means/);
});
