import { formatCount, formatDuration, printable, type MusterEvent } from '../base/index.ts';

/** Where progress goes: standard error, or a test's ears. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A line every so often where nobody watches. */
const plainEveryMs = 10_000;
/** And on a terminal, not faster than the eye. */
const terminalEveryMs = 80;

const stageVerbs: Readonly<Record<string, string>> = {
  find: 'Found',
  embed: 'Embedding',
  group: 'Grouping',
  report: 'Writing the report',
  sweep: 'Fitting',
};

/** Shows events: one line that is rewritten on a terminal, a plain line every 10 s elsewhere; warnings always. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #stage = '';
  #stageStart = 0;
  #firstDone = 0;
  #lastShown = -Infinity;
  #isLineOpen = false;

  constructor(output: ProgressOutput, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  readonly emit = (event: MusterEvent): void => {
    const now = this.#now();
    if (event.stage !== this.#stage) {
      this.#stage = event.stage;
      this.#stageStart = now;
      this.#firstDone = event.done ?? 0;
      this.#lastShown = this.#isTerminal ? -Infinity : now;
    }
    if (event.level === 'warning') return this.line(`warning: ${event.message ?? ''}`);
    const text = this.#text(event, now);
    const isDue = now - this.#lastShown >= (this.#isTerminal ? terminalEveryMs : plainEveryMs);
    const isLast = event.done !== undefined && event.done === event.total;
    if (text === null || !(isDue || (isLast && this.#isTerminal))) return;
    this.#lastShown = now;
    if (this.#isTerminal) this.#rewrite(text);
    else this.line(text);
  };

  /** A whole line, above the one that is rewritten. */
  line(text: string): void {
    this.clear();
    this.#output.write(`${printable(text)}\n`);
  }

  /** Takes the rewritten line away. */
  clear(): void {
    if (this.#isLineOpen) this.#output.write('\r\u001b[K');
    this.#isLineOpen = false;
  }

  get #isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  #rewrite(text: string): void {
    const width = Math.max(20, (this.#output.columns ?? 80) - 1);
    this.#output.write(`\r\u001b[K${printable(text).slice(0, width)}`);
    this.#isLineOpen = true;
  }

  #text({ stage, done, total, unit = '', message }: MusterEvent, now: number): string | null {
    if (message !== undefined) return message;
    if (done === undefined) return null;
    const verb = stageVerbs[stage] ?? stage;
    if (total === undefined) return `${verb} ${formatCount(done, unit, unit)}`;
    const seconds = (now - this.#stageStart) / 1000;
    const speed = (done - this.#firstDone) / seconds;
    const counts = `${verb}: ${countText(done)} of ${formatCount(total, unit, unit)}`;
    if (seconds < 2 || !(speed > 0) || done >= total) return counts;
    return `${counts}, ${speedText(speed)}, ${formatDuration((total - done) / speed)} left`;
  }
}

/** Units done, one of them perhaps in part. */
function countText(done: number): string {
  return Number.isInteger(done) ? done.toLocaleString('en-US') : done.toFixed(2);
}

/** Units a second, or seconds a unit where they are slow. */
function speedText(speed: number): string {
  return speed < 0.1 ? `${formatDuration(1 / speed)} each` : `${speed.toFixed(speed < 10 ? 1 : 0)} a second`;
}
