import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bigEndian, idxLabels, writeFiles } from '../../test/data-files.ts';
import { runMuster } from '../../test/run-muster.ts';
import { Random } from '../base/index.ts';

const [COUNT, SIDE] = [64, 16] as const;
const command = fileURLToPath(new URL('../../bin/muster.js', import.meta.url));
let work = '';

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'muster-train-cli-'));
  const random = new Random(1);
  const pixels = Uint8Array.from({ length: COUNT * SIDE * SIDE }, () => random.below(256));
  writeFiles(work, {
    'noise/train-images-idx3-ubyte': Buffer.concat([bigEndian(2051, COUNT, SIDE, SIDE), pixels]),
    'noise/train-labels-idx1-ubyte': idxLabels(Array.from({ length: COUNT }, (_, image) => image % 2)),
  });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const recipe = `method = "mmdc"
data = "noise"
fit = "train"
test = "train"

[paper]
id = "mmdc"
table = "I"
row = "MMDC"
acc = 0.98

[options]
groups = 2
network = "vgg"
width = 8
rotation = false
batch = 8
size = 16
crop = 14
crops = [14]
flip = 0
`;
const args = ['train', 'mmdc', 'noise', '--recipe', 'noise.toml', '--threads', '1'];

/** Runs the command and sends it a signal once it says that epochs pass. */
function interrupted(
  signal: 'SIGINT' | 'SIGTERM',
  more: readonly string[],
): Promise<{ code: number | null; err: string }> {
  const child = spawn(process.execPath, [command, ...args, ...more], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  const watch = setInterval(() => {
    const runs = join(work, 'muster-noise', 'runs');
    const told = existsSync(runs) ? readdirSync(runs).map((id) => join(runs, id)) : [];
    if (told.some((run) => /"stage":"mmdc"/u.test(eventsOf(run)))) {
      clearInterval(watch);
      child.kill(signal);
    }
  }, 50);
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  return new Promise((done) => child.on('exit', (code) => done({ code, err })));
}

function eventsOf(run: string): string {
  return readdirSync(run).includes('events.jsonl') ? readFileSync(join(run, 'events.jsonl'), 'utf8') : '';
}

test(
  'Ctrl-C keeps what is done, the same command goes on; scores stand beside the paper’s',
  { timeout: 110_000 },
  async () => {
    writeFiles(work, { 'noise.toml': recipe });
    const long = ['--epochs', '40'];
    const stopped = await interrupted('SIGINT', long);
    expect(stopped).toMatchObject({
      code: 130,
      err: expect.stringMatching(/kept in .*muster-noise\/runs\/.*the same command goes on/u),
    });
    const ended = await runMuster(work, [...args, ...long]);
    expect(ended).toMatchObject({ code: 0 });
    expect(readdirSync(join(work, 'muster-noise', 'runs'))).toHaveLength(1);
    expect(ended.out).toMatch(/mmdc on noise, scores on the fitted images/u);
    expect(ended.out).toMatch(/Mean, fitted images: ACC \d\.\d{3}, NMI/u);
    expect(ended.out).toMatch(/Paper \(table I, MMDC\): ACC 0\.980, NMI -, ARI -\n/u);
    const seen = await runMuster(work, ['eval', 'latest', '--json']);
    expect(JSON.parse(seen.out)).toMatchObject({ images: COUNT, scores: { labelled: COUNT }, checkpoints: null });
    expect(JSON.parse(seen.out).paper).toMatchObject({ row: 'table I, MMDC', of: 'groups', acc: 0.98 });
    expect(await runMuster(work, ['eval', 'latest', '--checkpoints'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--keep-every 1'),
    });
  },
);
