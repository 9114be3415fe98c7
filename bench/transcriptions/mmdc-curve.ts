/**
 * The loss of MMDC's first 1,000 steps on photographs of 32 px beside a PyTorch transcription in the papers' way, each with random
 * weights, batches and views of its own: `node --conditions=muster-source bench/transcriptions/mmdc-curve.ts DATA [STEPS]`. DATA is
 * CIFAR-10, in any form that `muster train` takes. Needs the peers' Python environment. The curves should agree within noise.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scope, threads, Tensor } from '@muster/torch';
import { readSafetensors, writeSafetensors } from '@muster/torch/io';
import { silent } from '../../packages/muster/src/base/index.ts';
import { mmdcEpoch, mmdcOptions, startMmdc } from '../../packages/muster/src/methods/index.ts';
import { readPixels } from '../../packages/muster/src/pipeline/index.ts';

const WINDOW = 67;
const SIDE = 32;
const [data, stepsGiven = '1000'] = process.argv.slice(2);
const steps = Number(stepsGiven);

async function ours(pixels: Tensor): Promise<number[]> {
  const state = startMmdc({ pixels }, mmdcOptions.parse({ groups: 10 }), { seed: 0, device: 'cpu', emit: silent });
  const losses: number[] = [];
  for (let epoch = 0; losses.length < steps; epoch++) {
    const run = mmdcEpoch(state, epoch, false);
    for (let step = 0; step < run.steps && losses.length < steps; step++) {
      const batch = await run.load?.(step);
      if (batch === undefined) throw new Error('an epoch over images loads its batches');
      losses.push(
        scope(() => {
          const loss = run.step(step, batch);
          return (loss instanceof Tensor ? loss : loss['loss'])?.item() ?? Number.NaN;
        }),
      );
      batch.dispose();
    }
  }
  return losses;
}

async function theirs(pixels: Tensor, folder: string): Promise<number[]> {
  const python = join(process.env['MUSTER_PEERS'] ?? join(homedir(), '.cache', 'muster', 'peers'), 'bin', 'python');
  writeSafetensors(join(folder, 'pixels.safetensors'), { pixels });
  const program = fileURLToPath(new URL('mmdc_curve.py', import.meta.url));
  const child = spawn(python, [program, folder, String(steps), String(threads())], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('the transcription failed');
  return readSafetensors(join(folder, 'losses.safetensors')).get('losses')?.toNumbers() ?? [];
}

function mean(values: readonly number[]): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4);
}

async function main(path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-mmdc-curve-'));
  try {
    using read = await readPixels({ source: path, split: 'train+test', size: SIDE, store: folder });
    const { pixels } = read;
    const own = await ours(pixels);
    const other = await theirs(pixels, folder);
    // A window holds steps of one task: an epoch has as many of rotations as of clustering.
    const half = Math.ceil((pixels.shape[0] ?? 0) / 128);
    process.stdout.write('steps        task        ours    PyTorch\n');
    for (let first = 0; first < steps;) {
      const end = Math.min(steps, first + WINDOW, (Math.floor(first / half) + 1) * half);
      const task = Math.floor(first / half) % 2 === 0 ? 'rotations ' : 'clustering';
      const range = `${first + 1}-${end}`.padEnd(12);
      process.stdout.write(`${range} ${task}  ${mean(own.slice(first, end))}  ${mean(other.slice(first, end))}\n`);
      first = end;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (data === undefined) throw new Error('usage: mmdc-curve.ts DATA [STEPS]');
await main(data);
