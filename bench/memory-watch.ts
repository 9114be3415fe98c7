import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** Memory of this process that no file backs, in bytes. */
export function anonymousBytes(): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? NaN) * 1024;
  } catch {
    return NaN;
  }
}

/** Runs beside the measured thread, which is busy and cannot look itself. */
const WATCH = `
const { parentPort } = require('node:worker_threads');
const { readFileSync } = require('node:fs');
let peak = NaN;
const look = () => {
  const found = /^RssAnon:\\s+(\\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (found !== null) peak = Math.max(Number.isNaN(peak) ? 0 : peak, Number(found[1]) * 1024);
};
const timer = setInterval(look, 20);
parentPort.on('message', () => { look(); clearInterval(timer); parentPort.postMessage(peak); parentPort.close(); });
look();
`;

/** Looks at {@link anonymousBytes} from another thread until it is stopped, and then tells the most it saw. */
export function watchMemory(): { stop(): Promise<number> } {
  const worker = process.platform === 'linux' ? new Worker(WATCH, { eval: true }) : undefined;
  return {
    stop: () =>
      worker === undefined
        ? Promise.resolve(NaN)
        : new Promise((resolve, reject) => {
            worker.once('message', resolve);
            worker.once('error', reject);
            worker.postMessage('stop');
          }),
  };
}
