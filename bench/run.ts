/**
 * Our speed beside the peers': `npm run bench [-- [ROW...] [--all] [--json] [--list] [--rounds N]]`.
 * Writes bench/results and docs/performance.md.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { columnOf, describeMachine, load } from './machine.ts';
import type { Machine } from './machine.ts';
import { measure } from './measure.ts';
import type { Setting } from './measure.ts';
import { formatTime, renderReport } from './report.ts';
import { mergeResults, readResults } from './results.ts';
import type { Result } from './results.ts';
import { MILLISECONDS } from './row.ts';
import type { Row } from './row.ts';
import { chooseRows, rows } from './rows.ts';

const DOCS_FOLDER = fileURLToPath(new URL('../docs', import.meta.url));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    rounds: { type: 'string' },
  },
});

/** The peers' Python: in `MUSTER_PEERS`, else in `~/.cache/muster/peers`. */
function peersPython(): string {
  const folder = resolve(process.env['MUSTER_PEERS'] ?? join(homedir(), '.cache', 'muster', 'peers'));
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  throw new Error(
    `no Python environment of the peers in ${folder}: run \`bash bench/make-peers.sh\`, or set MUSTER_PEERS`,
  );
}

/** Lines for the reader: on the error stream where the output is for a program. */
function say(line: string): void {
  (options.json ? process.stderr : process.stdout).write(`${line}\n`);
}

/** Measures a row, or says why not. Versions of the peer's libraries are added to `versions`. */
async function resultOf(
  row: Row,
  machine: Machine,
  setting: Setting,
  versions: Record<string, string>,
): Promise<Result> {
  const column = columnOf(machine);
  const goal = (column && row.goals[column]) ?? null;
  const date = new Date().toISOString().slice(0, 10);
  const none = { name: row.name, ours: null, peer: null, ratio: null, goal, spread: null, rounds: 0, date };
  const unit = (row.unit ?? MILLISECONDS).name;
  if (row.needsBf16 && !machine.bf16 && !options.all) {
    return { ...none, met: null, unit, note: 'no bf16 instructions on this CPU: not run' };
  }
  try {
    const { versions: found, checks: _compared, ...numbers } = await measure(row, setting);
    Object.assign(versions, found);
    return { ...none, ...numbers, met: goal === null ? null : numbers.ratio <= goal };
  } catch (error) {
    const text = (error instanceof Error ? error.message : String(error)).trim();
    return { ...none, met: false, unit, error: text.split('\n').at(-1) ?? text };
  }
}

function lineOf(result: Result): string {
  const { name, ours, peer, ratio, unit, goal, met } = result;
  if (ours === null || peer === null || ratio === null) return `${name}: ${result.error ?? result.note ?? 'not run'}`;
  const verdict = goal === null ? 'no goal for this CPU' : `goal ${goal}: ${met ? 'met' : 'NOT met'}`;
  return `${name}: ours ${formatTime(ours)} ${unit}, peer ${formatTime(peer)} ${unit}, ratio ${ratio.toFixed(3)}, ${verdict}`;
}

async function main(): Promise<void> {
  const chosen = chooseRows(positionals);
  if (options.list)
    return chosen.forEach((row) => process.stdout.write(`${row.name}: ${row.work}; peer ${row.peer.title}\n`));
  const machine = describeMachine();
  const rounds = options.rounds === undefined ? undefined : Number(options.rounds);
  const setting = { python: peersPython(), threads: machine.cores, rounds };
  if (load() > machine.cores / 4) say(`This machine is busy (load ${load().toFixed(1)}): times will be rough.`);
  const results: Result[] = [];
  for (const row of chosen) {
    const result = await resultOf(row, machine, setting, machine.versions);
    results.push(result);
    say(lineOf(result));
    mergeResults(machine, [result]);
  }
  mkdirSync(DOCS_FOLDER, { recursive: true });
  writeFileSync(join(DOCS_FOLDER, 'performance.md'), renderReport(readResults(), rows));
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, rows: results }, null, 2)}\n`);
  if (results.some((result) => result.error !== undefined)) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
