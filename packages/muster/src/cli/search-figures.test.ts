import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
  expect(figuresTable({ folder: '/w/run/figures', files, missing }, '/w')).toBe(
    `${join('run', 'figures', 'pca.svg')}  T\nNot drawn: confusion: it needs labels\n`,
  );
});
