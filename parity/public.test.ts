import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPack } from './run.ts';

const folder = resolve(import.meta.dirname, '..', '..', 'shared', 'parity', 'public');

/** What is promised so far: kinds by their beginning. */
const promised = [
  'metrics.',
  'assignment.',
  'kmeans.',
  'knn.',
  'optim.',
  'nn.',
  'safetensors.',
  'model.efficientnet_lite',
  'model.embedded',
  'image.',
  'mmdc.',
  'rotnet.',
  'scan.',
  'simclr',
  'data.',
  'model.resnet',
  'model.vgg_mmdc',
];

describe.skipIf(!existsSync(folder))('the public pack', () => {
  it.each(promised)('%s', { timeout: 300_000 }, async (kind) => {
    const lines: string[] = [];
    const tally = await runPack({ folder, kind }, (line) => lines.push(line));
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(tally.passed).toBeGreaterThan(0);
    expect(lines.at(-1)).toBe(`${tally.passed} passed, 0 failed`);
  });
});
