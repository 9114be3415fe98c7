import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, MusterError, type Emit, type MusterEvent } from '../base/index.ts';
import {
  checkpointFolder,
  checkRunFolder,
  eventsFile,
  listRuns,
  lockFile,
  makeRunFolder,
  markFolder,
  resultFile,
  storeError,
  writeFileAtomic,
  type Locations,
} from '../store/index.ts';
import { sameTraining, trainingConfig, type TrainingConfig } from './training-config.ts';

/** Where a training run is kept while it goes on. It is locked until it is disposed of. */
export interface TrainingFolder extends Disposable {
  readonly folder: string;
  readonly checkpoints: string;
  /** Whether an earlier, stopped run goes on here. */
  readonly isResumed: boolean;
  /** Adds an event to `events.jsonl`. */
  readonly log: Emit;
  /** Seconds that the run took so far, its earlier parts included. */
  seconds(): number;
}

/** A run that was found. */
export interface FoundTraining {
  readonly folder: string;
  readonly config: TrainingConfig;
  readonly isFinished: boolean;
}

/** Where a lock that nobody refreshed for so long belongs to a process that is gone. */
const staleMs = 60_000;

/** Training runs of a store, the newest first. */
export async function findTrainings(store: string): Promise<FoundTraining[]> {
  const runs = await listRuns(store);
  return runs.reverse().flatMap((folder) => {
    const config = readTraining(folder);
    return config === null ? [] : [{ folder, config, isFinished: existsSync(join(folder, resultFile)) }];
  });
}

/** The `config.json` of a training run; null where the folder holds none. */
export function readTraining(folder: string): TrainingConfig | null {
  try {
    const parsed = trainingConfig.safeParse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR' || error instanceof SyntaxError) return null;
    throw storeError(error, folder);
  }
}

/** A run of the same training that was stopped and that no process works on; undefined: none. */
export function stoppedRun(config: TrainingConfig, runs: readonly FoundTraining[]): FoundTraining | undefined {
  const same = sameTraining(config);
  return runs.find((run) => !run.isFinished && sameTraining(run.config) === same && !isBusy(run.folder));
}

/**
 * Opens the folder of a run: the one that goes on, the one the user chose, or a new one in the store.
 *
 * @param resume folder of a stopped run
 * @throws MusterError `store.occupied` where the chosen folder holds something else, `train.busy` where another process works there
 */
export async function openTrainingFolder(
  config: TrainingConfig,
  { store, run }: Locations,
  resume: string | null,
): Promise<TrainingFolder> {
  const chosen = resume ?? (run === null ? null : await usable(run, store, config));
  const folder = chosen ?? (await makeRunFolder(store, new Date()));
  await markFolder(run === null ? store : folder);
  if (isBusy(folder)) {
    throw new MusterError('train.busy', 'another process is training there', {
      where: folder,
      kind: 'usage',
      fix: 'wait for it, or choose another --out',
    });
  }
  const isResumed = existsSync(join(folder, 'config.json')) && existsSync(join(folder, checkpointFolder));
  if (!isResumed) await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(config, null, 1)}\n`);
  mkdirSync(join(folder, checkpointFolder), { recursive: true });
  return new OpenTrainingFolder(folder, isResumed);
}

/** The folder, emptied of a finished run; what is unfinished in it must be the same training. */
async function usable(folder: string, store: string, config: TrainingConfig): Promise<string> {
  const found = readTraining(folder);
  if (found !== null && !existsSync(join(folder, resultFile))) {
    if (sameTraining(found) === sameTraining(config)) return folder;
    throw new MusterError('store.occupied', 'The folder holds another training that was stopped.', {
      where: folder,
      kind: 'usage',
      fix: `go on with that one by --resume ${folder}, or choose another --out`,
    });
  }
  await checkRunFolder(folder, store);
  for (const old of [resultFile, 'config.json', eventsFile, checkpointFolder])
    rmSync(join(folder, old), { recursive: true, force: true });
  return folder;
}

const lock = z.object({ pid: z.int(), host: z.string() });

/** Whether another process that is alive works in the folder. */
export function isBusy(folder: string): boolean {
  const path = join(folder, lockFile);
  if (!existsSync(path)) return false;
  const held = lock.safeParse(parse(readFileSync(path, 'utf8')));
  if (!held.success || held.data.pid === process.pid) return false;
  const isFresh = Date.now() - statSync(path).mtimeMs < staleMs;
  return isFresh && (held.data.host !== hostname() || isAlive(held.data.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null; // half written: by a process that is gone
  }
}

/** How often the lock is refreshed. */
const refreshMs = 10_000;

class OpenTrainingFolder implements TrainingFolder {
  readonly folder: string;
  readonly checkpoints: string;
  readonly isResumed: boolean;
  private readonly before: number;
  private readonly start = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(folder: string, isResumed: boolean) {
    this.folder = folder;
    this.checkpoints = join(folder, checkpointFolder);
    this.isResumed = isResumed;
    this.before = isResumed ? secondsIn(join(folder, eventsFile)) : 0;
    this.hold();
    this.timer = setInterval(() => this.refresh(), refreshMs).unref();
  }

  seconds(): number {
    return this.before + (performance.now() - this.start) / 1000;
  }

  readonly log = (event: MusterEvent): void => {
    const line = { at: new Date().toISOString(), seconds: Number(this.seconds().toFixed(3)), ...event };
    try {
      appendFileSync(join(this.folder, eventsFile), `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw storeError(error, this.folder);
    }
  };

  [Symbol.dispose](): void {
    clearInterval(this.timer);
    rmSync(join(this.folder, lockFile), { force: true });
  }

  private hold(): void {
    try {
      writeFileSync(join(this.folder, lockFile), JSON.stringify({ pid: process.pid, host: hostname() }));
    } catch (error) {
      throw storeError(error, this.folder);
    }
  }

  private refresh(): void {
    const now = new Date();
    try {
      utimesSync(join(this.folder, lockFile), now, now);
    } catch {
      clearInterval(this.timer); // the folder is gone or full: the next event or checkpoint says so where it can be caught
    }
  }
}

const timed = z.object({ seconds: z.number() });

/** Seconds of the last event in the file; the last line may have been cut off. */
function secondsIn(path: string): number {
  if (!existsSync(path)) return 0;
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n').reverse()) {
    const event = timed.safeParse(parse(line));
    if (event.success) return event.data.seconds;
  }
  return 0;
}

/** What a stopped training says. */
export function stopped(folder: string, error: unknown): MusterError {
  return new MusterError('interrupted', `Stopped; what is done is kept in ${folder}`, {
    fix: 'the same command goes on from there',
    cause: error,
  });
}
