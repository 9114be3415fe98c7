import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMuster } from '../../test/run-muster.ts';
import { findWeights } from '../models/index.ts';
import { figuresTable } from './figures-command.ts';
import { searchTable } from './search-command.ts';

const haveWeights = findWeights('efficientnet-lite0').isThere;
let work = '';

const muster = (...args: string[]) => runMuster(work, [...args, '--threads', '1']);

const drawings: Readonly<Record<string, (i: number) => string>> = {
  disc: (i) => `<circle cx="${40 + i}" cy="${48 - i}" r="${22 + i}" fill="#d22"/>`,
  stripes: (i) => [0, 1, 2, 3, 4].map((x) => `<rect x="${x * 20 + i}" width="10" height="96" fill="#22c"/>`).join(''),
};

async function drawImages(folder: string): Promise<void> {
  for (const [kind, draw] of Object.entries(drawings)) {
    mkdirSync(join(folder, kind), { recursive: true });
    for (let i = 0; i < 4; i++) {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#fff"/>${draw(i)}</svg>`;
      const name = i === 0 ? '<script>.png' : `${i}.png`;
      await sharp(Buffer.from(svg))
        .png()
        .toFile(join(folder, kind, name));
    }
  }
}

describe.skipIf(!haveWeights)('muster search and muster figures (skipped where the weights are not set up)', () => {
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'muster-search-'));
    await drawImages(join(work, 'shapes'));
    const made = await muster('cluster', 'shapes', '-k', '2', '--labels', 'folders');
    expect(made.code).toBe(0);
  }, 120_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test('a picture finds itself first, then its kind, and the page holds them', { timeout: 60_000 }, async () => {
    const found = await muster('search', 'latest', '--image', join('shapes', 'disc', '2.png'), '-n', '4', '--html', 'found.html', '--json'); // prettier-ignore
    expect(found.err).toBe('');
    const result = JSON.parse(found.out);
    expect(result.hits.map(({ file }: { file: string }) => file.split('/')[0])).toEqual(new Array(4).fill('disc'));
    expect(result.hits[0]).toMatchObject({ rank: 1, file: 'disc/2.png', score: expect.closeTo(1, 3) });
    const page = readFileSync(join(work, 'found.html'), 'utf8');
    expect(page.match(/<img /gu)).toHaveLength(4);
    expect(page).not.toContain('<script');
  });

  test('words are looked up, unknown ones named, and nothing known is a wrong use', { timeout: 60_000 }, async () => {
    const [some, none, nothing, inside] = await Promise.all([
      muster('search', 'muster-shapes', 'zxqv', 'dog', '-n', '3'),
      muster('search', 'latest', 'sparrow'),
      muster('search', 'latest'),
      muster('search', 'latest', 'dog', '--html', join('shapes', 'x.html')),
    ]);
    expect(some).toMatchObject({
      code: 0,
      out: expect.stringMatching(/best 3 images of 8 for “dog”[\s\S]*“zxqv” is not known/u),
    });
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/no word of "sparrow".*try /u) });
    expect(nothing).toMatchObject({ code: 2, err: expect.stringContaining('nothing to look for') });
    expect(inside).toMatchObject({ code: 2, err: expect.stringContaining('inside the image folder') });
    expect(existsSync(join(work, 'shapes', 'x.html'))).toBe(false);
  });

  test(
    'every figure is drawn, the same each time, and no label reaches a run without',
    { timeout: 110_000 },
    async () => {
      const first = await muster('figures', 'latest', '--json');
      expect(first.err).toBe('');
      const { folder, files, missing } = JSON.parse(first.out);
      expect(missing).toEqual([]);
      expect(readdirSync(folder).sort()).toEqual(
        ['confusion', 'consistency', 'groups', 'neighbours', 'nouns', 'pca', 'tsne', 'umap'].map(
          (name) => `${name}.svg`,
        ),
      );
      expect(files).toHaveLength(8);
      const again = await muster('figures', 'latest', '--out', 'again', '--only', 'umap,neighbours');
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining(join('again', 'umap.svg')) });
      for (const name of ['umap.svg', 'neighbours.svg']) {
        const svg = readFileSync(join(folder, name), 'utf8');
        expect(readFileSync(join(work, 'again', name), 'utf8')).toBe(svg);
        expect(svg).not.toContain('<script');
      }
      await muster('cluster', 'shapes', '-k', '2', '--out', 'bare');
      const bare = await muster('figures', 'bare', '--only', 'confusion');
      expect(bare).toMatchObject({ code: 0, out: 'Not drawn: confusion: it needs labels (--labels)\n' });
      expect(await muster('figures', 'bare', '--only', 'nonsense')).toMatchObject({ code: 2 });
    },
  );
});

describe.skipIf(!haveWeights)(
  'muster figures over values and beside runs (skipped where the weights are not set up)',
  () => {
    const elsewhere = (): string => join(work, 'elsewhere');
    beforeAll(async () => {
      work = mkdtempSync(join(tmpdir(), 'muster-sweep-'));
      mkdirSync(elsewhere());
      await drawImages(join(work, 'shapes'));
      const common = ['shapes', '-k', '2', '--store', 'kept'];
      const runs = await Promise.all([
        muster('cluster', ...common, '--out', 'plain', '--labels', 'folders'),
        muster('cluster', ...common, '--out', 'tsp', '--method', 'tsp', '--set', 'epochs=2'),
      ]);
      expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    }, 120_000);
    afterAll(() => rmSync(work, { recursive: true, force: true }));

    test('a sweep draws its figure alone and gives the numbers; the run’s own store is found', async () => {
      const swept = await runMuster(elsewhere(), [
        ...['figures', join(work, 'plain'), '--sweep', 'groups=4,3', '--sweep-seeds', '2', '--json', '--threads', '1'],
      ]);
      expect(swept).toMatchObject({ code: 0, err: '' }); // nothing is embedded again, so no progress is told
      const { files, sweeps } = JSON.parse(swept.out);
      expect(files).toEqual([{ name: 'sweep', path: join(work, 'plain', 'figures', 'sweep-groups.svg'), title: 'ACC, NMI and ARI over groups' }]); // prettier-ignore
      expect(sweeps[0]).toMatchObject({ key: 'groups', own: 2, seeds: [0, 1] });
      expect(sweeps[0].values.map(({ value }: { value: number }) => value)).toEqual([2, 3, 4]);
      expect(sweeps[0].values[0]).toMatchObject({ isOwn: true, acc: { mean: 1, sd: 0 }, groups: { mean: 2, sd: 0 } });
      expect(sweeps[0].values[2].acc.mean).toBeLessThan(1);
      expect(existsSync(join(elsewhere(), 'muster-shapes'))).toBe(false);
      const bare = await muster('figures', 'tsp', '--sweep', 'neighbours=2,4', '--only', 'pca');
      expect(bare.out).toMatch(/pca\.svg[\s\S]*sweep-neighbours\.svg[\s\S]*neighbours +silhouette +groups/u);
    }, 110_000);

    test('a run with words is drawn by its words and its views; a head only where there is one; as PNG too', async () => {
      const common = ['shapes', '-k', '2', '--store', 'kept', '--method', 'tac', '--set', 'epochs=3'];
      const runs = await Promise.all([
        muster('cluster', ...common, '--out', 'tac'),
        muster('cluster', ...common, '--out', 'text', '--set', 'training=none'),
        muster('cluster', 'shapes', '-k', '2', '--store', 'kept', '--out', 'few-words', '--under', 'bird'),
      ]);
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
      const [head, text, words] = await Promise.all([
        muster('figures', 'tac', '--only', 'pca,nouns', '--labels', 'folders', '--format', 'both', '--json'),
        muster('figures', 'text', '--only', 'pca', '--format', 'png', '--json'),
        muster('figures', 'few-words', '--only', 'nouns', '--json'),
      ]);
      const views = ['pca', 'pca-counterparts', 'pca-joined'];
      const names = [...views, 'pca-head', 'nouns'];
      expect(readdirSync(join(work, 'tac', 'figures')).sort()).toEqual(
        names.flatMap((name) => [`${name}.png`, `${name}.svg`]).sort(),
      );
      expect(JSON.parse(head.out).files).toHaveLength(10);
      expect(readdirSync(join(work, 'text', 'figures')).sort()).toEqual(views.map((name) => `${name}.png`).sort());
      expect([text.code, words.code]).toEqual([0, 0]);
      const { width } = await sharp(join(work, 'tac', 'figures', 'pca.png')).metadata();
      expect(width).toBe(2 * 946);
      const joined = readFileSync(join(work, 'tac', 'figures', 'pca-joined.svg'), 'utf8');
      expect(joined).toMatch(/By group: 2 groups, ARI -?\d\.\d{3}, k-means ARI -?\d\.\d{3}</u);
      expect(joined).toMatch(/By label: 2 labels, k-means ARI -?\d\.\d{3}</u);
      const chosen = JSON.parse(readFileSync(join(work, 'tac', 'result.json'), 'utf8')).method.words as string[];
      const drawn = readFileSync(join(work, 'tac', 'figures', 'nouns.svg'), 'utf8');
      const texts = (svg: string): string => svg.replaceAll(/<[^>]*>/gu, ' ').replaceAll(/\s+/gu, ' ');
      expect(texts(drawn)).toContain(`the ${chosen.length} words that the run describes images with`);
      for (const [, word = ''] of drawn.matchAll(/font-size="11.5">([^<…]*)<\/text><text [^>]*text-anchor="end"/gu))
        expect(chosen).toContain(word.replaceAll('&#39;', "'"));
      const under = readFileSync(join(work, 'few-words', 'figures', 'nouns.svg'), 'utf8');
      expect(texts(under)).toMatch(/the \d+ words that the run was restricted to/u);
      expect(await muster('figures', 'plain', '--format', 'pdf')).toMatchObject({ code: 2, err: expect.stringContaining('--format') }); // prettier-ignore
    }, 110_000);

    test('wrong options and values are refused before anything runs', async () => {
      rmSync(join(work, 'tsp', 'figures'), { recursive: true, force: true });
      const [name, value, few] = await Promise.all([
        muster('figures', 'tsp', '--sweep', 'weights=gaussian,hard', '--sweep', 'neigbors=2,4'),
        muster('figures', 'tsp', '--sweep', 'neighbours=2,many'),
        muster('figures', 'plain', '--sweep', 'groups=2'),
      ]);
      expect(name).toMatchObject({ code: 2, err: expect.stringContaining('tsp has no option neigbors; did you mean neighbours?') }); // prettier-ignore
      expect(value).toMatchObject({ code: 2, err: expect.stringContaining('neighbours=many') });
      expect(few).toMatchObject({ code: 2, err: expect.stringContaining('at least two values') });
      expect(existsSync(join(work, 'tsp', 'figures'))).toBe(false);
    }, 60_000);

    test('runs of the same images are drawn beside one another, others refused', async () => {
      mkdirSync(join(work, 'few'));
      cpSync(join(work, 'shapes', 'disc'), join(work, 'few', 'disc'), { recursive: true });
      rmSync(join(work, 'few', 'disc', '3.png'));
      expect(await muster('cluster', 'few', '-k', '2', '--out', 'few-run')).toMatchObject({ code: 0 });
      const [drawn, few, twice] = await Promise.all([
        muster('figures', 'plain', '--beside', 'tsp', '--out', 'both'),
        muster('figures', 'plain', '--beside', 'few-run'),
        muster('figures', 'plain', '--beside', 'plain'),
      ]);
      expect(drawn).toMatchObject({ code: 0, out: expect.stringContaining(join('both', 'consistency-beside.svg')) });
      expect(readFileSync(join(work, 'both', 'consistency-beside.svg'), 'utf8')).toMatch(
        />8 labelled images of shapes/u,
      );
      expect(few).toMatchObject({ code: 2, err: expect.stringContaining('few-run shares 3 labelled images') });
      expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('there already') });
    }, 110_000);
  },
);

test('tables show hidden characters, and say what was not drawn', () => {
  const hit = { rank: 1, file: 'a\u202Egpj', score: 0.5, group: null, groupName: 'no group' };
  const text = searchTable({
    known: ['dog'],
    unknown: [{ word: 'red', near: ['rose'] }],
    image: null,
    images: 1200,
    hits: [hit],
    folder: '/run',
    html: '/x.html',
  });
  expect(text).toMatch(/^The best 1 image of 1,200 for “dog”\./u);
  expect(text).toContain('a\\u{202e}gpj');
  expect(text).toContain('known words near it: rose');
  const missing = [{ name: 'confusion', reason: 'it needs labels' }] as const;
  const files = [{ name: 'pca', path: '/w/run/figures/pca.svg', title: 'T' }] as const;
  expect(figuresTable({ folder: '/w/run/figures', files, missing, sweeps: [] }, '/w')).toBe(
    `${join('run', 'figures', 'pca.svg')}  T\nNot drawn: confusion: it needs labels\n`,
  );
});
