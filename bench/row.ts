import type { Tensor } from '@muster/torch';

/** Kinds of CPU that a goal is set for. */
export const cpuColumns = ['amd26', 'amd25', 'intel'] as const;
export type CpuColumn = (typeof cpuColumns)[number];

/** Largest ratio ours / peer that is good enough, by kind of CPU. */
export type Goals = Readonly<Record<CpuColumn, number>>;

/** What our side is given. */
export interface Context {
  /** The row's scratch folder, shared with the peer. */
  readonly folder: string;
  /** Threads that both sides use. */
  readonly threads: number;
  /** What the peer left for us in `peer.safetensors`: inputs, weights, and results to compare with. */
  readonly peer: ReadonlyMap<string, Tensor>;
}

/** A comparison of our result with the peer's. The row fails where `value` is beyond `limit`, or no number. */
export interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** Whether `limit` is the least good value; otherwise it is the largest. */
  readonly isFloor?: boolean;
}

/** Our side, ready to be timed. */
export interface Work {
  readonly checks: readonly Check[];
  /** What is timed. */
  run(): void | Promise<void>;
}

/** One row of the table: the same work done by us and by a peer. */
export interface Row {
  /** Used on the command line and in the results: kebab-case. */
  readonly name: string;
  /** What is done, for the table. */
  readonly work: string;
  readonly goals: Goals;
  readonly peer: {
    readonly title: string;
    /** A program in bench/peers. It gets the folder, the number of threads, and these arguments. */
    readonly program: string;
    readonly arguments?: readonly string[];
  };
  /** Whether it only makes sense on a CPU with bf16 instructions. */
  readonly needsBf16?: boolean;
  /** Turns that each side takes, default 5. Rows of minutes take one. */
  readonly rounds?: number;
  /** Timed runs a turn, default 3. */
  readonly runs?: number;
  /** How a run's time is shown, default in ms. */
  readonly unit?: { readonly name: string; readonly perMs: number };
  /** Builds our side, in a process of its own, after the peer is ready. */
  prepare(context: Context): Work | Promise<Work>;
}

/** The unit of rows that do not say otherwise. */
export const MILLISECONDS = { name: 'ms', perMs: 1 } as const;
