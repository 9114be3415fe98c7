import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawShapes } from '../../test/draw-shapes.ts';
import { runMuster } from '../../test/run-muster.ts';
import { findWeights } from '../models/index.ts';

const command = fileURLToPath(new URL('../../bin/muster.js', import.meta.url));
const haveWeights = findWeights('efficientnet-lite0').isThere;
let work = '';
let images = '';

const muster = (...args: string[]) => runMuster(work, args);

/** Eight pictures of each kind, and three broken files. */
async function drawImages(folder: string): Promise<void> {
  await drawShapes(folder, 0, 8);
  writeFileSync(join(folder, 'empty.jpg'), '');
  writeFileSync(join(folder, 'text.png'), 'no picture');
  writeFileSync(join(folder, '=1+1 <b>.jpg'), readFileSync(join(folder, 'disc/0.png')).subarray(0, 100));
}

function treeHash(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (entry.isFile()) hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'muster-cli-'));
  images = join(work, 'shapes');
  await drawImages(images);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('wrong use', () => {
  test.each([
    [['cluser', 'x'], 2, /unknown command 'cluser' \(did you mean cluster\?\)/u],
    [['cluster', 'shapes', '--restart', '1'], 2, /unknown option '--restart' \(did you mean --restarts\?\)/u],
    [['cluster'], 2, /missing required argument 'folder'/u],
    [
      ['cluster', 'shapes', '-k', 'many', '--threads', '0'],
      2,
      /-k must be a whole number, --threads must be at least 1/u,
    ],
    [['cluster', 'shapes', '--threads', '100000'], 2, /--threads must be at most \d+/u],
    [['cluster', 'nowhere'], 3, /nowhere: there is no such folder/u],
    [['cluster', 'shapes', '--out', 'shapes/out'], 2, /inside the image folder/u],
    [['cluster', 'shapes', '--labels', 'folder'], 2, /--labels folders/u],
  ] as const)('%j ends with %i and one line', async (args, code, message) => {
    const outcome = await muster(...args);
    expect(outcome.err).toMatch(message);
    expect(outcome.err.trimEnd().split('\n')).toHaveLength(1);
    expect(outcome).toMatchObject({ code, out: '' });
  });

  test('help and version need no engine and end well', async () => {
    const help = await muster('--help');
    expect(help).toMatchObject({ code: 0, out: expect.stringContaining('muster cluster <folder>'), err: '' });
    expect(help.out).toMatch(/^ {2}setup /mu);
    expect(await muster('setup', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('libtorch') });
    expect(await muster('--version')).toMatchObject({ code: 0, out: '0.1.0\n' });
  });
});

describe.skipIf(!haveWeights)('muster cluster (skipped where the weights are not set up)', () => {
  test('groups a folder, saves the run, scores it, and changes no original', async () => {
    const before = treeHash(images);
    const first = await muster('cluster', 'shapes', '-k', '3', '--labels', 'folders', '--json');
    const result = JSON.parse(first.out) as {
      folder: string;
      report: string;
      images: number;
      metrics: Record<string, number>;
      skipped: { code: string }[];
    };
    expect(result).toMatchObject({ images: 24, metrics: { acc: 1, nmi: 1, ari: 1 }, reused: 0 });
    expect(result.skipped.map(({ code }) => code).sort()).toEqual(['EMPTY', 'NOT_IMAGE', 'TRUNCATED']);
    expect(first.code).toBe(1); // 3 of 27 are more than a tenth
    expect(readdirSync(result.folder).sort()).toEqual([
      'assignments.csv',
      'config.json',
      'model',
      'report.html',
      'result.json',
    ]);
    expect(readFileSync(join(result.folder, 'assignments.csv'), 'utf8').split('\n')[1]).toMatch(/^disc\/0\.png,\d,/u);
    expect(readFileSync(result.report, 'utf8')).toContain('=1+1 &#60;b&#62;.jpg');
    expect(treeHash(images)).toBe(before);
  });

  test('a second run reuses the embeddings and gives the same groups', async () => {
    const read = (folder: string): unknown =>
      (JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as { assignments: unknown }).assignments;
    const [a, b] = [
      await muster('cluster', 'shapes', '-k', '3', '--json'),
      await muster('cluster', 'shapes', '-k', '3', '--json', '--out', 'chosen'),
    ];
    const [first, second] = [a, b].map(({ out }) => JSON.parse(out) as { folder: string; reused: number });
    expect([first?.reused, second?.reused]).toEqual([24, 24]);
    expect(read(second?.folder ?? '')).toEqual(read(first?.folder ?? ''));
    expect(second?.folder).toBe(join(work, 'chosen'));
  });

  test('links are followed where asked', async () => {
    mkdirSync(join(work, 'linked'));
    for (const name of ['disc', 'grain']) cpSync(join(images, name), join(work, 'linked', name), { recursive: true });
    symlinkSync('disc/0.png', join(work, 'linked', 'link.png'));
    const found = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await muster('cluster', 'linked', '-k', '2', '--json', ...args)).out);
    expect(await found()).toMatchObject({ images: 16, skipped: [{ path: 'link.png', code: 'LINK' }] });
    expect(await found('--follow-links')).toMatchObject({ images: 17, skipped: [], settings: { followLinks: true } });
  });

  test('more groups than images and an empty folder are refused', async () => {
    expect(await muster('cluster', 'shapes', '-k', '25')).toMatchObject({
      code: 2,
      err: expect.stringContaining('use -k 24 or less'),
    });
    const early = await muster('cluster', 'shapes', '-k', '28');
    expect(early).toMatchObject({ code: 2, err: expect.stringContaining('use -k 27 or less') });
    mkdirSync(join(work, 'nothing'));
    expect(await muster('cluster', 'nothing')).toMatchObject({
      code: 3,
      err: expect.stringContaining('no images found'),
    });
  });

  test('Ctrl-C ends in good order: nothing half written, and the message says what is kept', async () => {
    const child = spawn(process.execPath, [command, 'cluster', 'shapes', '-k', '2', '--store', 'other'], { cwd: work });
    let err = '';
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    await new Promise((ready) => setTimeout(ready, 700));
    child.kill('SIGINT');
    const end = await new Promise<number | string | null>((done) =>
      child.on('exit', (code, name) => done(code ?? name)),
    );
    if (end === 0) return; // it was quicker than we
    expect([130, 'SIGINT']).toContain(end); // the latter before the program listens
    if (end === 130) expect(err).toMatch(/Stopped|Stopping/u);
    expect(existsSync(join(work, 'other', 'runs'))).toBe(false);
    const left = existsSync(join(work, 'other'))
      ? readdirSync(join(work, 'other'), { recursive: true }).map(String)
      : [];
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a closed pipe is no failure', () => {
    const script = `"${process.execPath}" "${command}" doctor | true; exit "\${PIPESTATUS[0]}"`;
    const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('the doctor finds nothing wrong', async () => {
    const { code, out } = await muster('doctor');
    expect(out).toMatch(/Engine +libtorch 2\.\d+/u);
    expect([code, /WRONG/u.test(out)]).toEqual([0, false]);
  });
});
