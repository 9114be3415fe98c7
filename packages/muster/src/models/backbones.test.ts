import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scope, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { describe, expect, test, vi } from 'vitest';
import { renameToTimm } from './efficientnet-lite0-weights.ts';
import { EFFICIENTNET_LITE0, EfficientNetLite } from './efficientnet-lite.ts';
import { stateDictNames } from './efficientnet-lite-layout.ts';
import {
  backbones,
  findWeights,
  loadWeights,
  openBackbone,
  verifyWeights,
  weightsFolder,
  weightsTable,
} from './index.ts';
import type { WeightsTag } from './index.ts';

const tags = Object.keys(weightsTable).filter((tag): tag is WeightsTag => tag in weightsTable);

test('a missing file of weights is an error that names it and the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-weights-'));
  expect(() => loadWeights('efficientnet-lite0', folder)).toThrow(/efficientnet-lite0.safetensors.*muster setup/);
  expect(() => openBackbone('efficientnet-lite0', { weightsFolder: folder })).toThrow(/muster setup/);
  rmSync(folder, { recursive: true });
});

test('the cache follows MUSTER_CACHE, then XDG_CACHE_HOME', () => {
  const folderWith = (own: string, shared: string): string => {
    vi.stubEnv('MUSTER_CACHE', own);
    vi.stubEnv('XDG_CACHE_HOME', shared);
    return weightsFolder();
  };
  expect(folderWith('/a', '/b')).toBe('/a/weights');
  expect(folderWith('', '/b')).toBe('/b/muster/weights');
  expect(folderWith('', '')).toMatch(/\.cache\/muster\/weights$/);
  vi.unstubAllEnvs();
});

test('a backbone that is not in the list is refused with the list', () => {
  expect(() => openBackbone('nothing')).toThrow(/There is no backbone nothing.*efficientnet-lite0/);
});

describe('renaming the published file', () => {
  const network = new EfficientNetLite(EFFICIENTNET_LITE0);
  const state = network.stateDict();
  const published = () => new Map(stateDictNames().map((name, i) => [`${i}.${name}`, entryOf(state, name)] as const));

  test('goes by order', () => {
    const renamed = renameToTimm(published(), 'file.pth');
    expect([...renamed.keys()]).toEqual(stateDictNames());
    expect(renamed.get('conv_head.weight')?.shape).toEqual([1280, 320, 1, 1]);
  });

  test('refuses another number, other names and other shapes', () => {
    expect(() => renameToTimm(new Map([...published()].slice(1)), 'file.pth')).toThrow(/file.pth.*295 entries/);
    const entries = [...published()];
    const [stem, scale, shift] = entries;
    if (!stem || !scale || !shift) throw new Error('no entries');
    const swapped = new Map([stem, shift, scale, ...entries.slice(3)]);
    expect(() => renameToTimm(swapped, 'file.pth')).toThrow(/entry 1 is 2.bn1.bias where bn1.weight belongs/);
    const wrong = published();
    wrong.set(stem[0], torch.zeros([1], { dtype: 'float32' }));
    expect(() => renameToTimm(wrong, 'file.pth')).toThrow(/conv_stem.weight has shape \[1\]/);
  });
});

describe.for(tags)('the weights %s', (tag) => {
  const isThere = findWeights(tag).isThere;

  test.skipIf(!isThere)('are those that the set-up makes', async () => {
    expect(await verifyWeights(tag)).toBe(true);
  });
});

describe.for(backbones)('the backbone $id', (family) => {
  const isThere = tags.every((tag) => findWeights(tag).isThere) || !family.knowsWords;

  test.skipIf(!isThere)('keeps the contract', () => {
    const backbone = family.open({ dtype: 'float32' });
    const { inputSize, dimension, batchSize } = backbone;
    const bytes = Uint8Array.from({ length: 3 * inputSize * inputSize * 3 }, (_, i) => (i * 2654435761) >>> 24);
    scope(() => {
      const pixels = tensor(bytes, [3, inputSize, inputSize, 3]);
      const embedding = backbone.embed(pixels);
      expect(embedding.dtype).toBe('float32');
      expect(embedding.shape).toEqual([3, dimension]);
      expect(embedding.isfinite().all().item()).toBe(1);
      const channelsFirst = backbone.embed(pixels.permute([0, 3, 1, 2]).contiguous());
      expect(largestDifference(channelsFirst, embedding)).toBeLessThan(1e-4);
      const copies = Math.ceil(batchSize / 3) + 1; // more than one batch
      const tiled = backbone.embed(pixels.repeat([copies, 1, 1, 1]));
      expect(largestDifference(tiled.slice(0, -3), embedding)).toBeLessThan(1e-4);
      expect(backbone.embed(pixels.slice(0, 0, 0)).shape).toEqual([0, dimension]);
      expect(backbone.classifier !== null).toBe(family.knowsWords);
      if (backbone.classifier) expect(backbone.logits(embedding).shape[0]).toBe(3);
      else expect(() => backbone.logits(embedding)).toThrow(/no classifier/);
      expect(() => backbone.embed(pixels.to('float32'))).toThrow(/uint8/);
      expect(() => backbone.embed(pixels.slice(1, 1))).toThrow(/uint8 \[3, /);
    });
    expect(backbone.describe()).toMatchObject({ id: family.id, dimension, weights: { licence: expect.any(String) } });
    backbone.dispose();
  });
});

test('the backbone pixels gives the values of each plane, row by row', () => {
  const backbone = openBackbone('pixels');
  const { inputSize: side, dimension } = backbone;
  scope(() => {
    const picture = torch.zeros([1, side, side, 3], { dtype: 'uint8' });
    picture.select(3, 2).select(2, 5).select(1, 1).fill_(51); // blue, column 5 of row 1
    const row = backbone.embed(picture).toNumbers();
    expect(row).toHaveLength(dimension);
    expect(row[2 * side * side + side + 5]).toBeCloseTo(0.2, 6);
    expect(row.filter((value) => value !== 0)).toHaveLength(1);
  });
});

function largestDifference(a: Tensor, b: Tensor): number {
  return a.sub(b).abs().max().item();
}

function entryOf(state: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = state.get(name);
  if (found === undefined) throw new Error(name);
  return found;
}
