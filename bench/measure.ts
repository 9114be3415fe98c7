import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietMoment } from './quiet.ts';
import { MILLISECONDS } from './row.ts';
import type { Check, Row } from './row.ts';
import { Side } from './side.ts';

/** What was measured of a row. */
export interface Measurement {
  /** Median of all our runs, in `unit`. */
  readonly ours: number;
  /** Median of all the peer's runs. */
  readonly peer: number;
  readonly ratio: number;
  /** Smallest and largest ratio of the rounds' medians. */
  readonly spread: readonly [number, number];
  readonly unit: string;
  readonly rounds: number;
  readonly checks: readonly Check[];
  /** Versions of the peer's libraries. */
  readonly versions: Record<string, string>;
}

/** Where programs and their environments are. */
export interface Setting {
  /** The peers' Python. */
  readonly python: string;
  readonly threads: number;
  /** Rounds for rows that take several, in place of their own number. */
  readonly rounds?: number | undefined;
}

/** Variables that some machines set to slow or steer the peer's matrix library; its users do not have them. */
const NOT_FOR_PEERS = ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'];

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Scratch folders in use: removed also where the bench is interrupted. */
const folders = new Set<string>();

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

process.on('exit', removeFolders);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

/**
 * Measures one row: both sides are started, our result is compared with the peer's, then they take turns.
 *
 * @throws Error where a side fails or the results differ
 */
export async function measure(row: Row, setting: Setting): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), `muster-bench-${row.name}-`));
  folders.add(folder);
  const threads = String(setting.threads);
  const environment = { ...process.env };
  for (const name of NOT_FOR_PEERS) delete environment[name];
  const program = [setting.python, here(`peers/${row.peer.program}`), folder, threads, ...(row.peer.arguments ?? [])];
  const peer = new Side(row.peer.title, program, environment);
  try {
    const { versions = {} } = await peer.ready();
    const worker = [process.execPath, '--conditions=muster-source', here('worker.ts'), row.name, folder, threads];
    // As our launcher starts the command line.
    const launched = { UV_THREADPOOL_SIZE: String(availableParallelism()), ...environment };
    const ours = new Side('our side', worker, launched);
    try {
      const { checks = [] } = await ours.ready();
      refuseWrongResults(checks);
      return { ...(await takeTurns(row, ours, peer, setting.rounds)), checks, versions };
    } finally {
      await ours.close();
    }
  } finally {
    await peer.close();
    removeFolders();
  }
}

function refuseWrongResults(checks: readonly Check[]): void {
  if (checks.length === 0) throw new Error('our side compared nothing with the peer');
  for (const { name, value, limit, isFloor = false } of checks) {
    const isGood = isFloor ? value >= limit : value <= limit;
    if (!isGood) throw new Error(`${name} is ${value}, allowed is ${isFloor ? 'at least' : 'at most'} ${limit}`);
  }
}

async function turn(side: Side, runs: number): Promise<number[]> {
  await quietMoment();
  return side.run(runs);
}

async function takeTurns(row: Row, ours: Side, peer: Side, wanted: number | undefined) {
  const usual = row.rounds ?? 5;
  const rounds = usual === 1 ? 1 : (wanted ?? usual);
  const runs = row.runs ?? 3;
  const unit = row.unit ?? MILLISECONDS;
  const oursByRound: number[][] = [];
  const peerByRound: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) oursByRound.push(await turn(ours, runs));
    peerByRound.push(await turn(peer, runs));
    if (round % 2 === 1) oursByRound.push(await turn(ours, runs));
  }
  const ratios = oursByRound.map((times, round) => median(times) / median(peerByRound[round] ?? []));
  const own = median(oursByRound.flat());
  const other = median(peerByRound.flat());
  return {
    ours: own * unit.perMs,
    peer: other * unit.perMs,
    ratio: own / other,
    spread: [Math.min(...ratios), Math.max(...ratios)] as const,
    unit: unit.name,
    rounds,
  };
}

/** The middle value; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? NaN)) / 2 : upper;
}
