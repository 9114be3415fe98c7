import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bigEndian, idxLabels, writeFiles } from '../../test/data-files.ts';
import { MusterError, Random, silent, type MusterEvent } from '../base/index.ts';
import { assignImages } from './assign.ts';
import { clusterFolder } from './cluster.ts';
import { evaluateRun } from './evaluate.ts';
import { drawFigures } from './figures.ts';
import { searchRun } from './search.ts';
import type { TrainOptionsInput, TrainResult } from './train-options.ts';
import { trainByRecipe } from './train.ts';

const SIDE = 16;
let work = '';
let images = '';

/** Gratings across and down, with noise, as MNIST's files: 48 to train on, 16 to test. */
function gratings(count: number, seed: number): { pixels: Buffer; labels: number[] } {
  const random = new Random(seed);
  const labels = Array.from({ length: count }, (_, image) => image % 2);
  const values = labels.flatMap((kind) => {
    const phase = 6 * random.float();
    return Array.from({ length: SIDE * SIDE }, (_, at) => {
      const along = kind === 0 ? at % SIDE : Math.floor(at / SIDE);
      return 128 + 90 * Math.sin(along + phase) + 10 * random.normal();
    });
  });
  return { pixels: Buffer.concat([bigEndian(2051, count, SIDE, SIDE), Uint8Array.from(values)]), labels };
}

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'muster-train-'));
  images = join(work, 'gratings');
  const [train, check] = [gratings(48, 1), gratings(16, 2)];
  writeFiles(images, {
    'train-images-idx3-ubyte': train.pixels,
    'train-labels-idx1-ubyte': idxLabels(train.labels),
    't10k-images-idx3-ubyte': check.pixels,
    't10k-labels-idx1-ubyte': idxLabels(check.labels),
  });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const set = {
  ...{ network: 'vgg', width: 8, rotation: false, batch: 12, decayAt: [9] },
  ...{ size: 16, crop: 14, crops: [14], flip: 0, jitter: false, grey: 0 },
};

const featureRecipe = `method = "simclr"
data = "gratings"
fit = "train"
test = "train"

[paper]
id = "mmdc"
table = "IV"
row = "SimCLR"
of = "features"
acc = 0.3
probe = 0.8
`;

function options(name: string, more: TrainOptionsInput = {}): TrainOptionsInput {
  return {
    method: 'mmdc',
    data: images,
    groups: 2,
    split: 'train',
    store: join(work, name),
    threads: 1,
    epochs: 4,
    set,
    ...more,
  };
}

const train = (
  input: TrainOptionsInput,
  emit: (event: MusterEvent) => void = silent,
  signal?: AbortSignal,
): Promise<TrainResult> => trainByRecipe(input, emit, signal);

/** Runs until so many epochs are told of, and stops. */
async function stopAt(epochs: number, input: TrainOptionsInput): Promise<unknown> {
  const stop = new AbortController();
  const emit = ({ stage, done = 0 }: MusterEvent): void => {
    if (stage === 'mmdc' && done >= epochs) stop.abort(new MusterError('interrupted', 'Stopped'));
  };
  return await train(input, emit, stop.signal).catch((error: unknown) => error);
}

const runsOf = (name: string): string[] =>
  readdirSync(join(work, name, 'runs')).map((id) => join(work, name, 'runs', id));
const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');

describe('muster train on images', () => {
  test('a run is whole: scores, events, report, model; it is evaluated and gives further images groups', async () => {
    const { runs, fit, test: tested } = await train(options('whole', { keepEvery: 2, test: images, epochs: 6 }));
    const [run] = runs;
    const folder = run?.folder ?? '';
    expect(readdirSync(folder).sort()).toEqual([
      ...['.muster-output', 'assignments.csv', 'checkpoints', 'config.json', 'events.jsonl', 'model'],
      ...['report.html', 'result.json', 'test-assignments.csv'],
    ]);
    expect(run).toMatchObject({ seed: 0, fit: { labelled: 48, classes: 2 }, test: { labelled: 64 } });
    expect(fit).toMatchObject({ acc: { mean: run?.fit?.acc, sd: null } });
    expect(tested).toMatchObject({ acc: { mean: run?.test?.acc, sd: null } });
    expect(text(folder, 'events.jsonl').match(/"done":\d+,"total":6,"unit":"epochs"/gu)).toHaveLength(6);
    expect(text(folder, 'report.html')).toContain('16 x 16, grey');

    const seen = await evaluateRun({ run: folder, checkpoints: true, features: true });
    expect(seen).toMatchObject({ scored: 'groups', paper: null, features: { labelled: 48, classes: 2 } });
    expect(seen.scores?.acc).toBe(run?.fit?.acc);
    expect(seen.checkpoints?.at(-1)?.features).toEqual({ scores: seen.features, groups: 2 });
    expect(seen.checkpoints?.map(({ epoch }) => epoch)).toEqual([2, 4, 6]);
    expect(seen.checkpoints?.at(-1)?.scores).toEqual(run?.fit);
    expect(seen.files.map((file) => file.slice(file.lastIndexOf('/') + 1))).toEqual(
      expect.arrayContaining(['scores.csv', 'scores.svg', 'features.csv', 'training.csv', 'training-loss.svg']),
    );
    expect(text(folder, 'evaluation', 'features.csv')).not.toBe(text(folder, 'evaluation', 'scores.csv'));
    expect(text(folder, 'evaluation', 'training.csv').trim().split('\n')).toHaveLength(7);

    const given = await assignImages({
      run: folder,
      source: images,
      split: 'test',
      store: join(work, 'whole'),
      labels: 'folders',
    });
    expect(given).toMatchObject({ images: 16, metrics: { labelled: 16 } });
    const same = await assignImages({ run: folder, source: images, split: 'train', out: join(work, 'same') });
    expect(text(same.folder, 'assignments.csv')).toBe(text(folder, 'assignments.csv'));
  });

  test('figures and search take a training run: its network finds an image of its own', async () => {
    const { runs } = await train(options('used', { epochs: 2 }));
    const run = runs[0]?.folder ?? '';
    const { files, missing } = await drawFigures({ run, only: ['groups'], threads: 1 });
    expect({ names: files.map(({ name }) => name), missing }).toEqual({ names: ['groups'], missing: [] });
    expect(text(files[0]?.path ?? '')).toMatch(/<svg [^]*<image /u);

    const ORDER = 5;
    const pixels = gratings(48, 1)
      .pixels.subarray(16 + ORDER * SIDE * SIDE)
      .subarray(0, SIDE * SIDE);
    const image = join(work, 'grating.png');
    await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } })
      .png()
      .toFile(image);
    const { hits, images: searched } = await searchRun({ run, image, count: 8, threads: 1 });
    const own = text(run, 'assignments.csv').split('\n')[1 + ORDER]?.split(',')[0];
    expect(hits[0]).toMatchObject({ file: own, score: expect.closeTo(1, 2) });
    expect({ searched, found: hits.length }).toEqual({ searched: 48, found: 8 });
    await expect(searchRun({ run, text: 'dog' })).rejects.toMatchObject({ code: 'search.no-words' });
  });

  test('stopped, the same command goes on in the same folder and ends with the same groups; so does --resume', async () => {
    await train(options('uninterrupted'));
    const [whole = ''] = runsOf('uninterrupted');
    for (const name of ['again', 'resumed']) {
      expect(await stopAt(2, options(name))).toMatchObject({
        code: 'interrupted',
        message: expect.stringContaining('/runs/'),
      });
      const [folder = ''] = runsOf(name);
      expect(existsSync(join(folder, 'result.json'))).toBe(false);
      expect(existsSync(join(folder, '.running'))).toBe(false);
      const { runs } = await train(name === 'again' ? options(name) : { resume: folder });
      expect(runs.map((run) => run.folder)).toEqual([folder]);
      for (const file of ['assignments.csv', 'model/fitted.safetensors'])
        expect(readFileSync(join(folder, file)).equals(readFileSync(join(whole, file)))).toBe(true);
      expect(text(folder, 'events.jsonl')).toMatch(/goes on/u);
    }
    await expect(train({ resume: whole })).rejects.toMatchObject({ code: 'train.resume', message: /is finished/ });
  });

  test('seeds that are done are not run again where others are missing', async () => {
    const one = await train(options('seeds', { seed: 1 }));
    const events: MusterEvent[] = [];
    const both = await train(options('seeds', { seeds: 2 }), (event) => events.push(event));
    expect(both.runs.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(both.runs[1]).toMatchObject({ folder: one.runs[0]?.folder, fit: one.runs[0]?.fit });
    expect(both.fit?.acc.sd).not.toBeNull();
    expect(events.some(({ message }) => message?.startsWith('seed 1 is done already'))).toBe(true);
    expect(runsOf('seeds')).toHaveLength(2);
  });

  test('another training branches from a kept checkpoint; with the same options it ends with the same groups', async () => {
    const { runs } = await train(options('branch', { keepEvery: 2 }));
    const trunk = runs[0]?.folder ?? '';
    const same = await train(options('branch', { branch: `${trunk}@2` }));
    expect(text(same.runs[0]?.folder ?? '', 'assignments.csv')).toBe(text(trunk, 'assignments.csv'));
    const other = await train(options('branch', { branch: `${trunk}@2`, set: { ...set, refineFrom: 2, restarts: 2 } }));
    expect(text(other.runs[0]?.folder ?? '', 'events.jsonl').match(/"stage":"mmdc","done":\d,/gu)).toEqual(
      [3, 4].map((done) => `"stage":"mmdc","done":${done},`),
    );
    await expect(train(options('branch', { branch: `${trunk}@3` }))).rejects.toMatchObject({
      code: 'train.branch',
      message: /it kept 2, 4/,
    });
    await expect(train(options('branch', { branch: `${trunk}@2`, seeds: 2 }))).rejects.toThrow(/several seeds/u);
  });

  test('what is left to the images is kept with the run, and seen where it goes on and is evaluated', async () => {
    const { crop: _crop, crops: _crops, decayAt: _decayAt, ...open } = set;
    const left = (name: string): TrainOptionsInput => options(name, { set: open, keepEvery: 2 });
    await train(left('left'));
    await stopAt(2, left('left-stopped'));
    const [whole = ''] = runsOf('left');
    const [stopped = ''] = runsOf('left-stopped');
    const found = { crop: 10, crops: [10], decayAt: [3] };
    for (const folder of [whole, stopped])
      expect(JSON.parse(text(folder, 'config.json'))).toMatchObject({ options: found, set: open });
    await train({ resume: stopped });
    expect(text(stopped, 'assignments.csv')).toBe(text(whole, 'assignments.csv'));
    const result = JSON.parse(text(whole, 'result.json')) as { method: { options: object } };
    expect(result.method.options).toMatchObject(found);
    const seen = await evaluateRun({ run: whole, checkpoints: true });
    expect(seen.checkpoints?.at(-1)?.scores).toEqual(seen.scores);
    const large = train(options('large', { set: { ...open, crops: [20] } }));
    await expect(large).rejects.toThrow(/crops: a crop of 20 px does not fit images of 16 x 16 px.*--set crops=/u);
    const one = train({
      method: 'rotnet',
      data: images,
      split: 'train',
      store: join(work, 'large'),
      set: { crop: 20 },
    });
    await expect(one).rejects.toMatchObject({ code: 'train.crop', message: expect.stringMatching(/^crop: /u) });
  });

  test('a folder that another training stopped in, or another process works in, is left alone', async () => {
    const out = join(work, 'out');
    await stopAt(1, options('taken', { out }));
    await expect(train(options('taken', { out, seed: 5 }))).rejects.toMatchObject({ code: 'store.occupied' });
    writeFileSync(join(out, '.running'), JSON.stringify({ pid: process.ppid, host: hostname() }));
    await expect(train({ resume: out })).rejects.toMatchObject({ code: 'train.busy' });
    rmSync(join(out, '.running'));
    await train(options('taken', { out }));
    expect(existsSync(join(out, 'report.html'))).toBe(true);
  });

  test('a pretraining gives a backbone, on whose embeddings groups are found', async () => {
    const wanted = { width: 8, size: 16, batch: 12 };
    const { groups: _groups, ...rest } = options('backbone', {
      method: 'simclr',
      epochs: 2,
      keepEvery: 1,
      set: wanted,
    });
    const recipe = join(work, 'simclr.toml');
    writeFileSync(recipe, featureRecipe);
    const { runs, gives, paper, notes } = await train({ ...rest, recipe });
    expect({ gives, paper, notes }).toEqual({
      gives: 'backbone',
      paper: null,
      notes: [expect.stringMatching(/\(table IV, SimCLR\) are of the features: muster eval RUN --features --probe/u)],
    });
    const backbone = runs[0]?.folder ?? '';
    const store = join(work, 'backbone');
    const found = await clusterFolder({
      source: images,
      split: 'train',
      backbone,
      groups: 2,
      store,
      labels: 'folders',
      threads: 1,
    });
    expect(found).toMatchObject({ images: 48, metrics: { labelled: 48 }, settings: { backbone: { id: /^run-/ } } });
    const again = await clusterFolder({ source: images, split: 'train', backbone, groups: 2, store, threads: 1 });
    expect(again.reused).toBe(48);
    const given = await assignImages({ run: found.folder, source: images, split: 'test', store });
    expect(given.images).toBe(16);
    const seen = await evaluateRun({ run: backbone, checkpoints: true, probe: true, probeEpochs: 3 });
    expect(seen.checkpoints).toHaveLength(2);
    expect(seen).toMatchObject({ scored: 'features', features: null, notes: [] });
    expect(seen.scores).toEqual(seen.checkpoints?.at(-1)?.scores);
    expect(seen.paper).toEqual({ row: 'table IV, SimCLR', of: 'features', acc: 0.3, nmi: null, ari: null, probe: 0.8 });
    expect(seen.probe).toMatchObject({ views: 'training', fit: 'train', test: 'test', note: /fitted on the labels/ });
    const probe = { run: backbone, probe: true, probeViews: 'plain', probeEpochs: 1 } as const;
    const turned = await evaluateRun({ ...probe, probeFit: 'test', probeTest: 'train' });
    expect(turned.probe).toMatchObject({ views: 'plain', fit: 'test', test: 'train' });
    await expect(evaluateRun({ ...probe, probeTest: 'val' })).rejects.toThrow(
      /no split val \(here are train, test.*--probe-fit and --probe-test/u,
    );
    await expect(evaluateRun({ ...probe, probeFit: 'train+test' })).rejects.toThrow(/fitted on, those of test/u);
    await expect(assignImages({ run: backbone, source: images, store })).rejects.toThrow(/--backbone RUN/u);
  });

  test('what cannot be is refused before any work', async () => {
    const { groups: _groups, ...none } = options('refused');
    await expect(train(none)).rejects.toThrow(/needs the number of groups; give it as -k 10/u);
    await expect(train(options('refused', { split: 'val' }))).rejects.toThrow(/no split val; here are train, test/u);
    await expect(train({ ...options('refused'), method: 'simclr' })).rejects.toThrow(/makes no groups/u);
    await expect(clusterFolder({ source: images, method: 'mmdc', groups: 2 })).rejects.toThrow(/muster train mmdc/u);
    await expect(train({ epochs: 3 })).rejects.toThrow(/a method and images are needed/u);
    expect(existsSync(join(work, 'refused', 'runs'))).toBe(false);
  });
});
