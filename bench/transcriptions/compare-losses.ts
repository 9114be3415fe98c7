import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { readSafetensors, writeSafetensors } from '@muster/torch/io';

/** Our side of a comparison. */
export interface Comparison {
  /** What the transcription begins from: weights, batches, drawn parameters. */
  readonly start: ReadonlyMap<string, Tensor>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Loss of each step. */
  readonly losses: readonly number[];
}

/** Which steps are compared. */
export interface ComparisonOptions {
  /** The transcription, a Python program in this folder. */
  readonly program: string;
  readonly steps: number;
  /** Largest difference of a loss that is allowed. */
  readonly limit: number;
}

/**
 * Holds losses against a transcription's from the same start and says how far apart they are.
 *
 * @param makes our side of each comparison, by the name that the transcription knows it by
 * @returns exit code: 1 where a loss differs by more than the limit; 0 also where the peers' Python is missing, which is said
 */
export async function compareLosses(
  makes: Readonly<Record<string, () => Comparison | Promise<Comparison>>>,
  { program, steps, limit }: ComparisonOptions,
): Promise<number> {
  setThreads(1);
  const python = join(process.env['MUSTER_PEERS'] ?? join(homedir(), '.cache', 'muster', 'peers'), 'bin', 'python');
  if (!existsSync(python)) {
    process.stdout.write('skipped: no Python environment of the peers (bash bench/make-peers.sh)\n');
    return 0;
  }
  let worst = 0;
  for (const [name, make] of Object.entries(makes)) {
    const ours = await make();
    const theirs = transcribed(name, ours, [python, program]);
    const differences = theirs.map((loss, step) => Math.abs(loss - (ours.losses[step] ?? NaN)));
    const largest = theirs.length === steps ? Math.max(...differences) : NaN;
    const [first = NaN, last = NaN] = [ours.losses[0], ours.losses.at(-1)];
    const range = `loss from ${first.toFixed(4)} to ${last.toFixed(4)}`;
    process.stdout.write(`${name}: ${theirs.length} steps, ${range}, largest difference ${largest.toExponential(1)}\n`);
    worst = Number.isNaN(largest) ? Infinity : Math.max(worst, largest);
  }
  return worst <= limit ? 0 : 1;
}

/** The transcription's losses from the same start. */
function transcribed(
  name: string,
  { start, settings = {} }: Comparison,
  [python, program]: readonly [string, string],
): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'muster-steps-'));
  try {
    writeSafetensors(join(folder, 'start.safetensors'), start, { settings: JSON.stringify(settings) });
    const path = fileURLToPath(new URL(program, import.meta.url));
    const { status, stderr } = spawnSync(python, [path, name, folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the transcription of ${name} failed: ${stderr.trim()}`);
    return readSafetensors(join(folder, 'losses.safetensors')).get('losses')?.toNumbers() ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
