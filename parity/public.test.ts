import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPack } from './run.ts';

const folder = resolve(import.meta.dirname, '..', '..', 'shared', 'parity', 'public');

/** What is promised so far: kinds by their beginning. */
const promised = [
  ...['metrics.', 'assignment.', 'silhouette', 'trustworthiness'],
  ...['kmeans.', 'knn.', 'gmm.', 'agglomerative', 'spectral', 'pca', 'nmf', 'umap.'],
  ...['cc.', 'vitic.total', 'simclr', 'tsp.', 'scan.', 'mmdc.', 'rotnet.', 'tac.', 'clip.'],
  ...['optim.', 'nn.', 'pos.', 'safetensors.', 'data.', 'image.', 'heads.'],
  ...['model.resnet', 'model.vgg_mmdc', 'model.vitic', 'model.efficientnet_lite', 'model.embedded'],
];

describe.skipIf(!existsSync(folder))('the public pack', () => {
  // Other kinds, not promised yet, begin with model.vit too.
  const selections = [
    ...promised.map((kind) => [kind, { kind }] as const),
    ['model.vit', { id: 'model.vit-' }] as const,
  ];
  it.each(selections)('%s', { timeout: 300_000 }, async (_name, selection) => {
    const lines: string[] = [];
    const tally = await runPack({ folder, ...selection }, (line) => lines.push(line));
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(tally.passed).toBeGreaterThan(0);
    expect(lines.at(-1)).toBe(`${tally.passed} passed, 0 failed`);
  });
});
