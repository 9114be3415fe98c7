import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Check } from './row.ts';

/** Lines of the protocol begin with this; whatever else a program prints is its own business. */
export const MARK = '@ ';

/** What a side says once it is ready. */
export interface Ready {
  readonly versions?: Record<string, string>;
  readonly checks?: readonly Check[];
}

interface Answer {
  readonly ready?: Ready;
  readonly times?: number[];
}

/** How much of a program's complaints is kept for the error. */
const ERROR_TAIL = 2000;

/**
 * One of the two sides of a row: a long-lived program. It says `@ {"ready": ...}` once, then answers every line `run N`
 * with `@ {"times": [...]}`, N times in milliseconds, and ends when its input ends.
 */
export class Side {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #name: string;
  #complaints = '';

  constructor(name: string, command: readonly string[], environment: NodeJS.ProcessEnv) {
    const [program = '', ...words] = command;
    this.#name = name;
    this.#child = spawn(program, words, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => (this.#complaints += error.message));
    this.#child.stdin.on('error', () => undefined); // the program is gone: the next answer says why
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-ERROR_TAIL);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until the program is ready. @throws Error with its last complaints where it ends instead */
  async ready(): Promise<Ready> {
    const { ready } = await this.#answer();
    if (typeof ready === 'object' && ready !== null) return ready;
    throw new Error(`${this.#name} did not say that it is ready`);
  }

  /** Lets it work `count` times. @returns the times in milliseconds */
  async run(count: number): Promise<number[]> {
    this.#child.stdin.write(`run ${count}\n`);
    const { times } = await this.#answer();
    if (Array.isArray(times) && times.length === count && times.every((time) => time > 0)) return times;
    throw new Error(`${this.#name} gave no ${count} times: ${JSON.stringify(times)}`);
  }

  /** Ends the program. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(impatience);
  }

  async #answer(): Promise<Answer> {
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) throw new Error(`${this.#name} ended: ${this.#complaints.trim() || 'without a word'}`);
      if (!line.value.startsWith(MARK)) continue;
      return JSON.parse(line.value.slice(MARK.length)) as Answer;
    }
  }
}
