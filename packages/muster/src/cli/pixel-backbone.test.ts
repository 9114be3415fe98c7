import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMuster } from '../../test/run-muster.ts';

let work = '';
const muster = (...args: string[]) => runMuster(work, args);

const colours = { red: [220, 30, 30], blue: [30, 30, 220] } as const;

/** Squares of one colour each, of several shades and sizes, in a folder a colour. */
async function drawSquares(folder: string, from: number, to: number): Promise<void> {
  for (const [name, [red, green, blue]] of Object.entries(colours)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = from; i < to; i++) {
      const background = { r: red + i, g: green + 2 * i, b: blue + i };
      const square = { width: 40 + i, height: 50, channels: 3, background } as const;
      await sharp({ create: square })
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'muster-pixels-'));
  await drawSquares(join(work, 'photos'), 0, 6);
  await drawSquares(join(work, 'more'), 6, 10);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

test('pixels are clustered without any weights, and new images get the groups', { timeout: 110_000 }, async () => {
  const base = ['cluster', 'photos', '--backbone', 'pixels', '-k', '2', '--labels', 'folders', '--threads', '1'];
  const run = await muster(...base, '--method', 'k-means', '--out', 'run', '--json');
  expect(run.err).not.toMatch(/error/iu);
  expect(run.code).toBe(0);
  const perfect = { acc: 1, nmi: 1, ari: 1 };
  expect(JSON.parse(run.out)).toMatchObject({
    images: 12,
    metrics: perfect,
    settings: { backbone: { id: 'pixels', dimension: 3072 } },
  });
  const report = readFileSync(join(work, 'run', 'report.html'), 'utf8');
  expect(report).toContain('3072 numbers an image');
  expect(report).not.toContain('WordNet');

  const assigned = await muster('assign', 'run', 'more', '--labels', 'folders', '--threads', '1', '--json');
  expect(JSON.parse(assigned.out)).toMatchObject({ images: 8, metrics: perfect });

  const byDefault = await muster(...base, '--json');
  expect(JSON.parse(byDefault.out)).toMatchObject({ metrics: perfect, reused: 12 });
  expect(await muster(...base, '--method', 'tac')).toMatchObject({
    code: 2,
    err: expect.stringContaining('the backbone pixels has no words'),
  });
});

test('help lists it', async () => {
  expect((await muster('cluster', '--help')).out).toMatch(/embedded,\s+pixels,\s+resnet18:FILE[^.]*or\s+a\s+run/u);
});
