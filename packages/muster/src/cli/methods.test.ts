import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawShapes } from '../../test/draw-shapes.ts';
import { runMuster } from '../../test/run-muster.ts';
import { findWeights } from '../models/index.ts';

const haveWeights = findWeights('efficientnet-lite0').isThere;
let work = '';

const muster = (...args: string[]) => runMuster(work, args);

interface Assignments {
  readonly assignments: { readonly files: string[]; readonly groups: number[]; readonly confidence: number[] };
}

function read<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'muster-methods-'));
  await drawShapes(join(work, 'train'), 0, 8);
  await drawShapes(join(work, 'test'), 8, 12);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('muster methods', () => {
  test('lists papers, needs, what each gives and the cost; and the options of one', async () => {
    const table = await muster('methods');
    expect(table).toMatchObject({ code: 0, err: '' });
    expect(table.out).toMatch(/^tsp +embeddings +up to K groups +TSP/mu);
    expect(table.out).toMatch(/^tac +embeddings and words +up to K groups/mu);
    expect(table.out).toMatch(/^dbscan +embeddings or pixels +as many as it finds/mu);
    expect(table.out).toMatch(/^Those that need images train a network of their own: muster train <method> IMAGES\./mu);
    expect((await muster('methods', 'tsp')).out).toMatch(
      /neighbours: whole number, at least 1, at most 1000 \(default: 20\)/u,
    );
    const parsed = JSON.parse((await muster('methods', '--json')).out) as {
      id: string;
      paper: string;
      command: string;
      options: object[];
    }[];
    expect(parsed.find(({ id }) => id === 'tac')?.paper).toMatch(/Li et al\./u);
    const commands = ['tsp', 'mmdc', 'simclr'].map((wanted) => parsed.find(({ id }) => id === wanted)?.command);
    expect(commands).toEqual(['cluster', 'train', 'train']);
    expect(await muster('methods', 'tps')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean tsp?'),
    });
  });
});

describe('wrong use', () => {
  test.each([
    [['cluster', 'train', '--method', 'kmeans'], /no method kmeans; did you mean k-means\?/u],
    [['cluster', 'train', '--method', 'tsp', '--set', 'epoch=3'], /no option epoch; did you mean epochs\?/u],
    [['cluster', 'train', '--method', 'tsp', '--set', 'epochs'], /key=value/u],
    [['cluster', 'train', '--set', 'epochs=3'], /--set: it needs a method; add --method ID/u],
    [['assign', 'latest', 'train'], /no finished run/u],
  ] as const)('%j ends with 2 and one line', async (args, message) => {
    const outcome = await muster(...args);
    expect(outcome.err).toMatch(message);
    expect(outcome.err.trimEnd().split('\n')).toHaveLength(1);
    expect(outcome).toMatchObject({ code: 2, out: '' });
  });
});

describe.skipIf(!haveWeights)('methods on images (skipped where the weights are not set up)', () => {
  test.each([
    ['the default way', []],
    ['tsp', ['--method', 'tsp', '--set', 'epochs=40']],
    ['tac', ['--method', 'tac', '--set', 'epochs=10']],
  ] as const)('%s: fit on one folder, score on another, and assign', async (name, args) => {
    const out = `run-${name.replaceAll(' ', '-')}`;
    const run = await muster(
      'cluster',
      'train',
      '-k',
      '3',
      ...args,
      '--labels',
      'folders',
      '--test',
      'test',
      '--out',
      out,
      '--json',
    );
    expect(run.code).toBe(0);
    const perfect = { acc: 1, nmi: 1, ari: 1 };
    expect(JSON.parse(run.out)).toMatchObject({ images: 24, metrics: perfect, test: { images: 12, metrics: perfect } });
    const report = readFileSync(join(work, out, 'report.html'), 'utf8');
    expect(report).toContain('12 images of test, in which no groups were sought');
    expect(report.includes('Paper')).toBe(args.length > 0);
    const { groups } = read<{ groups: { nouns: { text: string; share: number }[] }[] }>(work, out, 'result.json');
    for (const { nouns } of groups) {
      expect(nouns).toHaveLength(name === 'tac' ? 5 : 0);
      for (const { text, share } of nouns) expect([report.includes(text), share > 0 && share <= 1]).toEqual([true, true]); // prettier-ignore
    }

    const same = await muster('assign', out, 'train', '--out', `${out}-same`, '--labels', 'folders', '--json');
    expect(JSON.parse(same.out)).toMatchObject({ images: 24, metrics: perfect, reused: 24, outside: 0 });
    const own = read<Assignments>(work, out, 'result.json').assignments;
    expect(read<Assignments>(work, `${out}-same`, 'assigned.json').assignments).toEqual(own);

    const other = await muster('assign', out, 'test', '--out', `${out}-other`);
    expect(other.out).toMatch(/^12 images in 3 of the 3 groups/u);
    const { test: tested } = read<{ test: Assignments }>(work, out, 'result.json');
    expect(read<Assignments>(work, `${out}-other`, 'assigned.json').assignments).toEqual(tested.assignments);
    expect(readFileSync(join(work, `${out}-other`, 'assignments.csv'), 'utf8')).toBe(
      readFileSync(join(work, out, 'test-assignments.csv'), 'utf8'),
    );
  });

  test('zero-shot takes class names, names the groups by them, and refuses those it does not know', async () => {
    const found = await muster(
      'cluster',
      'train',
      '--method',
      'zero-shot',
      '--classes',
      'dog, fence,balloon',
      '--json',
    );
    expect(found.code).toBe(0);
    const { clusters } = JSON.parse(found.out) as { clusters: { name: string }[] };
    for (const { name } of clusters) expect(['dog', 'fence', 'balloon']).toContain(name);
    expect(await muster('cluster', 'train', '--method', 'zero-shot', '--classes', 'dog,wug')).toMatchObject({
      code: 2,
      err: expect.stringContaining('does not know wug'),
    });
  });

  test('the latest run is assigned from, results lie apart from runs, and a run is never overwritten', async () => {
    expect((await muster('cluster', 'train', '-k', '2')).code).toBe(0);
    const assigned = await muster('assign', 'latest', 'test', '--json');
    const { clusters, folder, run } = JSON.parse(assigned.out) as { clusters: object[]; folder: string; run: string };
    expect(clusters).toHaveLength(2);
    expect(folder).toContain(join('muster-test', 'assigned'));
    expect(readdirSync(folder).sort()).toEqual(['assigned.json', 'assignments.csv']);
    expect(existsSync(join(work, 'muster-test', 'runs'))).toBe(false);
    expect(await muster('assign', 'latest', 'test', '--out', run)).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds other files'),
    });
    rmSync(join(run, 'model'), { recursive: true });
    expect(await muster('assign', run, 'test')).toMatchObject({
      code: 3,
      err: expect.stringContaining('keeps no model'),
    });
  });
});

describe.skipIf(!haveWeights)('muster train (skipped where the weights are not set up)', () => {
  test('fits on one split and scores on the other, once a seed, beside the paper’s figures', async () => {
    await drawShapes(join(work, 'data', 'train'), 0, 8);
    await drawShapes(join(work, 'data', 'test'), 8, 12);
    const text = 'method = "tsp"\ndata = "shapes"\nfit = "train"\ntest = "test"\nbackbone = "timm/other"\nseeds = 2\n';
    const paper = '[paper]\nid = "tsp"\ntable = "1"\nrow = "TSP"\nacc = 0.9\n[options]\ngroups = 3\nepochs = 30\n';
    writeFileSync(join(work, 'tsp.toml'), text + paper);
    const args = ['train', 'tsp', 'data', '--recipe', 'tsp.toml'];
    expect(await muster(...args)).toMatchObject({ code: 2, err: expect.stringContaining('--backbone embedded') });
    const trained = await muster(...args, '--backbone', 'embedded', '--json');
    const one = { mean: 1, sd: 0 };
    expect(JSON.parse(trained.out)).toMatchObject({
      runs: [{ seed: 0 }, { seed: 1 }],
      test: { acc: one, nmi: one, ari: one },
      paper: { acc: 0.9, nmi: null, sameBackbone: false },
    });
    const more = ['--epochs', '2', '--out', 'seeds', '--under', 'animal', '--seed', '4', '--seeds', '2', '--json'];
    const given = await muster(...args, '--backbone', 'embedded', ...more);
    const { runs } = JSON.parse(given.out) as { runs: { folder: string }[] };
    expect(runs.map(({ folder }) => folder)).toEqual([4, 5].map((seed) => join(work, 'seeds', `seed-${seed}`)));
    expect(read(work, 'seeds', 'seed-5', 'config.json')).toMatchObject({
      seed: 5,
      under: 'animal',
      set: { epochs: 2 },
    });
    const table = await muster(...args, '--backbone', 'embedded', '--seeds', '1');
    expect(table.out).toMatch(/Mean, test images: ACC 1\.000, NMI/u);
    expect(table.out).toMatch(/Paper \(table 1, TSP\): ACC 0\.900, NMI -, ARI -, on another backbone/u);
    expect(table.out).toMatch(/Note: The recipe's backbone is timm\/other/u);
  });
});
