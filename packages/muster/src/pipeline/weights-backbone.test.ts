import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generator, noGrad, scope, tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { writeSafetensors } from '@muster/torch/io';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bigEndian, idxLabels, writeFiles } from '../../test/data-files.ts';
import { Random } from '../base/index.ts';
import { openResNet, ResNet, weightsFolder } from '../models/index.ts';
import { assignImages } from './assign.ts';
import { clusterFolder } from './cluster.ts';
import { evaluateRun } from './evaluate.ts';
import { geometryOfBackbone } from './run-backbone.ts';
import { trainByRecipe } from './train.ts';
import { readWeightsBackbone } from './weights-backbone.ts';

const SIDE = 16;
let work = '';
let images = '';
let weights = '';

/** Light images and dark ones, with noise, as MNIST's files. */
function shades(count: number, seed: number): { pixels: Buffer; labels: number[] } {
  const random = new Random(seed);
  const labels = Array.from({ length: count }, (_, image) => image % 2);
  const values = labels.flatMap((kind) =>
    Array.from({ length: SIDE * SIDE }, () => 60 + 130 * kind + 10 * random.normal()),
  );
  return { pixels: Buffer.concat([bigEndian(2051, count, SIDE, SIDE), Uint8Array.from(values)]), labels };
}

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'muster-weights-'));
  images = join(work, 'shades');
  weights = join(work, 'made.safetensors');
  const [train, check] = [shades(24, 1), shades(8, 2)];
  writeFiles(images, {
    'train-images-idx3-ubyte': train.pixels,
    'train-labels-idx1-ubyte': idxLabels(train.labels),
    't10k-images-idx3-ubyte': check.pixels,
    't10k-labels-idx1-ubyte': idxLabels(check.labels),
  });
  using network = new ResNet({ depth: 18, stem: 'imagenet', width: 8, classes: 5, generator: generator(1) });
  writeSafetensors(weights, network.stateDict());
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('the name of a backbone with weights in a file', () => {
  test('tells depth, file and sides; without a file it is among the cached ones', () => {
    expect(readWeightsBackbone('embedded')).toBeNull();
    expect(readWeightsBackbone('resnet101:a.pth')).toBeNull();
    expect(readWeightsBackbone(`resnet50:${weights}`)).toMatchObject({ depth: 50, path: weights, crop: undefined });
    const cached = join(weightsFolder(), 'resnet18.safetensors');
    expect(readWeightsBackbone('resnet18,size=32,crop=20')).toEqual({
      ...{ depth: 18, path: cached, inputSize: 32, crop: 20 },
      source: `resnet18:${cached},size=32,crop=20`,
    });
    expect(() => readWeightsBackbone('resnet18:a.pth,crops=20')).toThrow(/crops=20 is no setting.*crop=PIXELS/u);
    expect(() => readWeightsBackbone('resnet18:a.pth,size=4')).toThrow(/size=4 is no setting/u);
  });

  test('finds a file in the cache where the working directory has none', async () => {
    vi.stubEnv('MUSTER_CACHE', work);
    writeFiles(weightsFolder(), { 'mine.pth': Buffer.from('x') });
    expect(readWeightsBackbone('resnet18:mine.pth')?.path).toBe(join(weightsFolder(), 'mine.pth'));
    vi.unstubAllEnvs();
    await expect(openResNet({ depth: 18, path: join(work, 'gone.pth') })).rejects.toThrow(
      /ResNet-18 are not there.*timm\/resnet18\.tv_in1k.*--backbone resnet18:FILE.*weights\/resnet18\.safetensors/u,
    );
  });
});

describe('a ResNet of given weights', () => {
  test('is the network before its classifier on normalised pictures', async () => {
    const backbone = await openResNet({ depth: 18, path: weights, inputSize: 32 });
    using network = new ResNet({ depth: 18, stem: 'imagenet', width: 8, classes: 5, generator: generator(1) });
    network.eval();
    scope(() => {
      const bytes = Uint8Array.from({ length: 2 * 32 * 32 * 3 }, (_, at) => (at * 2654435761) >>> 24);
      const pixels = tensor(bytes, [2, 32, 32, 3]);
      const column = (...values: number[]) => tensor(Float32Array.from(values), [1, 3, 1, 1]);
      const unit = pixels.permute([0, 3, 1, 2]).to('float32').div(255);
      const seen = unit.sub(column(0.485, 0.456, 0.406)).div(column(0.229, 0.224, 0.225));
      const wanted = noGrad(() => network.features(seen));
      const found = backbone.embed(pixels);
      expect(found.sub(wanted).abs().max().item()).toBeLessThan(1e-5 * wanted.abs().max().item());
      expect(backbone.embed(pixels.slice(0, 0, 0)).shape).toEqual([0, 64]);
    });
    expect(geometryOfBackbone(backbone)).toMatchObject({ resize: 37, crop: 32 });
    backbone.dispose();
    const cut = await openResNet({ depth: 18, path: weights, inputSize: 32, crop: 20 });
    expect(geometryOfBackbone(cut)).toMatchObject({ resize: [32, 32], crop: 20, order: 'crop-resize' });
    cut.dispose();
  });

  test('other weights and other files are refused, saying which are wanted', async () => {
    const wanted = { code: 'models.weights', message: expect.stringContaining('timm/resnet50.tv_in1k') };
    await expect(openResNet({ depth: 50, path: weights })).rejects.toMatchObject(wanted);
    const path = join(work, 'other.safetensors');
    writeSafetensors(path, new Map([['a', torch.zeros([1])]]));
    await expect(openResNet({ depth: 18, path })).rejects.toThrow(/no conv1\.weight/u);
    writeFileSync(join(work, 'other.bin'), 'x');
    await expect(openResNet({ depth: 18, path: join(work, 'other.bin') })).rejects.toThrow(/\.safetensors and \.pth/u);
  });

  test('embeds by a recipe, assigns, and is probed on the views of the table', async () => {
    const recipe = join(work, 'labels.toml');
    const head = 'method = "k-means"\ndata = "mnist"\nfit = "train"\ntest = "test"\n';
    const paper = '[paper]\nid = "mmdc"\ntable = "IV"\nrow = "ImageNet labels"\nacc = 0.4\n';
    writeFileSync(
      recipe,
      `${head}backbone = "resnet18,size=32,crop=10"\n${paper}[options]\ngroups = 2\nrows = "raw"\n`,
    );
    const store = join(work, 'store');
    const wanted = { method: 'k-means', data: images, recipe, store, threads: 1 };
    vi.stubEnv('MUSTER_CACHE', join(work, 'empty'));
    await expect(trainByRecipe(wanted)).rejects.toMatchObject({ code: 'models.no-weights' });
    vi.unstubAllEnvs();
    const named = `resnet18:${weights},size=32,crop=10`;
    const trained = await trainByRecipe({ ...wanted, backbone: named });
    expect(trained).toMatchObject({ test: { acc: { mean: 1 } }, paper: { acc: 0.4, sameBackbone: true }, notes: [] });
    const run = trained.runs[0]?.folder ?? '';
    expect((await assignImages({ run, source: images, split: 'test', store })).images).toBe(8);
    const seen = await evaluateRun({ run, probe: true, probeEpochs: 2 });
    expect(seen.probe).toMatchObject({ views: 'training', fit: 'train', test: 'test' });
    const plain = await evaluateRun({ run, probe: true, probeEpochs: 100, probeViews: 'plain' });
    expect(plain.probe?.views).toBe('plain');
    expect(plain.probe?.accuracy).toBeGreaterThan(0.9);
    await expect(evaluateRun({ run, checkpoints: true })).rejects.toThrow(/leave --checkpoints and --features out/u);
  });

  test('a run without crops has no probe', async () => {
    const store = join(work, 'whole');
    const backbone = `resnet18:${weights},size=32`;
    const { folder } = await clusterFolder({ source: images, split: 'test', backbone, groups: 2, store, threads: 1 });
    await expect(evaluateRun({ run: folder, probe: true })).rejects.toThrow(/size=32,crop=20/u);
  });
});
