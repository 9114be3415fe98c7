import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { generator, liveTensors, scope, setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { unitRows } from '../losses/index.ts';
import { acc } from '../metrics/index.ts';
import { kMeans } from './k-means.ts';
import type { EmbeddingData, MethodContext } from './method.ts';
import { scan } from './scan.ts';
import { tac } from './tac.ts';
import { findCentres } from './tac/centres.ts';
import { retrieveCounterparts } from './tac/counterparts.ts';
import { tacOptions } from './tac/options.ts';
import { trainHeads } from './tac/train-heads.ts';
import { zeroShot } from './zero-shot.ts';

const GROUPS = 5;
const ROWS = 1000;
const WIDTH = 32;
const WORDS_A_GROUP = 8;
const NUISANCES = 6;
const BLOBS = 12;

/**
 * A space whose groups images alone do not show: a group moves an image by .5 along its own direction, while six other directions, which no
 * word speaks of, move it by 1 each. Words lie around the groups' directions.
 */
interface MadeSpace {
  readonly data: EmbeddingData;
  readonly truth: Int32Array;
}

let space: MadeSpace;
const context: MethodContext = { seed: 7, device: 'cpu', emit: silent };
const short = { groups: GROUPS, epochs: 20, batch: 100, hidden: 64, neighbours: 20 };

function makeSpace(): MadeSpace {
  using random = generator(3);
  const draw = { generator: random, dtype: 'float32' } as const;
  return scope(() => {
    const [axes] = torch.linalgQr(torch.randn([WIDTH, WIDTH], draw));
    const directions = axes.narrow(0, 0, GROUPS); // (K, D)
    const nuisances = axes.narrow(0, GROUPS, NUISANCES);
    const labels = torch.arange(ROWS, { dtype: 'int64' }).remainder(GROUPS);
    const embeddings = directions
      .indexSelect(0, labels)
      .mul(0.5)
      .add(torch.randn([ROWS, NUISANCES], draw).mm(nuisances))
      .add(torch.randn([ROWS, WIDTH], draw), { alpha: 0.04 });
    const subjects = torch.arange(GROUPS * WORDS_A_GROUP, { dtype: 'int64' }).remainder(GROUPS);
    const nouns = directions.indexSelect(0, subjects).add(torch.randn([subjects.numel, WIDTH], draw), { alpha: 0.04 });
    const words = subjects.toNumbers().map((subject, i) => `thing ${subject}.${i}`);
    const classes = { names: ['a', 'b', 'c', 'd', 'e'], prompts: directions.unsqueeze(1).clone() };
    const text = { nouns, words, classes, centreImages: false, temperature: 0.02 };
    return { data: { embeddings, text }, truth: Int32Array.from(labels.toNumbers()) };
  });
}

beforeAll(() => {
  setThreads(1);
  space = makeSpace();
});

afterAll(() => {
  space.data.embeddings.dispose();
});

async function accuracy(method: typeof tac, options: Record<string, unknown>): Promise<number> {
  const fitted = await method.fit(space.data, options, context);
  const score = acc(space.truth, fitted.own.labels);
  fitted.dispose();
  return score;
}

test('images alone do not show the groups', async () => {
  expect(await accuracy(kMeans, { groups: GROUPS, rows: 'unit' })).toBeLessThan(0.5);
  expect(await accuracy(scan, { groups: GROUPS, epochs: 20, rate: 1e-3 })).toBeLessThan(0.5);
});

test('with words TAC finds them: trained, without training, and from the counterparts alone', async () => {
  expect(await accuracy(tac, short)).toBeGreaterThanOrEqual(0.95);
  expect(await accuracy(tac, { ...short, training: 'none' })).toBeGreaterThanOrEqual(0.95);
  expect(await accuracy(tac, { ...short, training: 'counterparts' })).toBeGreaterThanOrEqual(0.95);
});

test('the gain comes from the words of each image: shuffled among the images they give nothing', async () => {
  const images = unitRows(space.data.embeddings);
  const nouns = unitRows(space.data.text?.nouns ?? images);
  const counterparts = retrieveCounterparts(images, nouns, { tau: 0.02 });
  using random = generator(1);
  const shuffled = counterparts.indexSelect(0, torch.randperm(ROWS, { generator: random, dtype: 'int64' }));
  const options = tacOptions.parse(short);
  const score = async (texts: Tensor, name: string): Promise<number> => {
    const { head } = await trainHeads({ images, counterparts: texts, fingerprint: name }, options, context);
    const labels = scope(() => head.eval().probabilities(images).argmax(1).toNumbers());
    head.dispose();
    return acc(space.truth, labels);
  };
  expect(await score(counterparts, 'own')).toBeGreaterThanOrEqual(0.95);
  expect(await score(shuffled, 'shuffled')).toBeLessThan(0.5);
});

test('given class names take the place of nouns, and classify by themselves', async () => {
  expect(await accuracy(tac, { ...short, classNames: true })).toBeGreaterThanOrEqual(0.95);
  expect(await accuracy(zeroShot, {})).toBeGreaterThanOrEqual(0.95);
});

test.each(['agglomerative', 'spectral', 'all-nouns'])('centres by %s', async (centres) => {
  expect(await accuracy(tac, { ...short, training: 'none', centres })).toBeGreaterThanOrEqual(0.9);
});

/** [n, WIDTH] unit rows around BLOBS directions, in turn. */
function makeBlobs(n: number): Tensor {
  return scope(() => {
    using random = generator(4);
    const draw = { generator: random, dtype: 'float32' } as const;
    const directions = torch.randn([BLOBS, WIDTH], draw).repeat([n / BLOBS, 1]);
    return unitRows(directions.add(torch.randn([n, WIDTH], draw), { alpha: 0.1 }));
  });
}

test('centres that a part of the images gave are the means of all images', () => {
  scope(() => {
    const images = makeBlobs(30 * BLOBS);
    const options = { groups: BLOBS / 3, centreCount: BLOBS, centreRestarts: 10 };
    const part = findCentres(images, tacOptions.parse({ ...options, centrePoints: 10 }), context);
    const means = unitRows(images.view([30, BLOBS, WIDTH]).mean([0]));
    const [nearest] = part.mm(means.t()).max(0);
    expect(nearest.min().item()).toBeGreaterThan(1 - 1e-6);
  });
});

test('groups without training may come from a part of the images; all images get one', async () => {
  const options = { ...short, training: 'none', groupPoints: 20 };
  expect(await accuracy(tac, options)).toBeGreaterThanOrEqual(0.95);
  const centres = async (given: object): Promise<number[]> => {
    const fitted = await tac.fit(space.data, { ...options, ...given }, context);
    const probabilities = scope(() => fitted.assign(space.data.embeddings.narrow(0, 0, 1)).probabilities.toNumbers());
    fitted.dispose();
    return probabilities;
  };
  expect(await centres({})).not.toEqual(await centres({ groupPoints: null }));
  expect(await centres({ groupPoints: ROWS })).toEqual(await centres({ groupPoints: null }));
});

test('the radius of DBSCAN is sought until it gives as many centres as asked for', () => {
  scope(() => {
    const options = tacOptions.parse({ groups: BLOBS / 3, centres: 'dbscan' });
    expect(findCentres(makeBlobs(30 * BLOBS), options, context).shape[0]).toBe(BLOBS);
  });
});

test('the printed losses, a threshold, and ablated terms are options', async () => {
  expect(await accuracy(tac, { ...short, loss: 'paper', rule: 'threshold' })).toBeGreaterThan(0.7);
  const fitted = await tac.fit(space.data, { ...short, epochs: 4, without: ['balance', 'confidence'] }, context);
  expect(fitted.own.labels).toHaveLength(ROWS);
  fitted.dispose();
});

test('neighbours among a part of the images are told with their recall, in either space', async () => {
  const messages: string[] = [];
  const listening = {
    ...context,
    emit: ({ level, message = '' }: MusterEvent) => void (level && messages.push(message)),
  };
  const fitted = await tac.fit(space.data, { ...short, epochs: 0, pool: 200 }, listening);
  fitted.dispose();
  const { neighbourPool, imageNeighbourRecall, textNeighbourRecall } = fitted.values;
  expect(neighbourPool).toBe(200);
  expect(imageNeighbourRecall).toBeCloseTo(0.2, 1);
  expect(textNeighbourRecall).toBeCloseTo(0.2, 1);
  expect(messages.filter((message) => message.includes('200 of 1,000 rows'))).toHaveLength(2);
});

test.each(['heads', 'none', 'counterparts'])(
  'with training=%s rows are read in nouns, after a reload too',
  async (training) => {
    const before = liveTensors();
    const fitted = await tac.fit(space.data, { ...short, epochs: 2, training }, context);
    const folder = mkdtempSync(join(tmpdir(), 'muster-tac-'));
    fitted.save(folder);
    const loaded = tac.load(folder);
    rmSync(folder, { recursive: true });
    expect([fitted.isHead, loaded.isHead]).toEqual([training === 'heads', training === 'heads']);
    scope(() => {
      const rows = space.data.embeddings.narrow(0, 0, 50);
      const shares = fitted.reading?.probabilities(rows);
      expect(shares?.shape).toEqual([50, fitted.words.length]);
      expect(shares?.sum([1]).sub(1).abs().max().item()).toBeLessThan(1e-5);
      expect(loaded.reading?.probabilities(rows).toNumbers()).toEqual(shares?.toNumbers());
      // The likeliest word of an image speaks of the image's own group.
      const best =
        shares
          ?.argmax(1)
          .toNumbers()
          .map((word) => fitted.words[word]?.replace(/^thing (\d+).*$/u, '$1')) ?? [];
      expect(best.filter((group, row) => Number(group) === space.truth[row]).length).toBeGreaterThan(45);
      const joined = loaded.reading?.joined(rows);
      expect(joined?.shape).toEqual([50, 2 * WIDTH]);
      const [, texts] = joined?.split(WIDTH, 1) ?? [];
      const counterparts = loaded.reading?.counterparts(rows);
      expect(counterparts && texts?.sub(counterparts).abs().max().item()).toBeLessThan(1e-6);
    });
    fitted.dispose();
    loaded.dispose();
    expect(liveTensors()).toBe(before);
  },
);

test('nouns that were chosen are told', async () => {
  const fitted = await tac.fit(space.data, { ...short, epochs: 0, gamma: 1 }, context);
  expect(fitted.words.length).toBeGreaterThanOrEqual(GROUPS);
  expect(fitted.words.length).toBeLessThanOrEqual(3 * GROUPS);
  expect(fitted.words.every((word) => word.startsWith('thing'))).toBe(true);
  fitted.dispose();
});
