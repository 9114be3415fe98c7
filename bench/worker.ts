/** Our side of a row, as a program: `worker.ts ROW FOLDER THREADS`. The protocol is in side.ts. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setThreads } from '@muster/torch';
import { readSafetensors } from '@muster/torch/io';
import type { Work } from './row.ts';
import { rows } from './rows.ts';
import { MARK } from './side.ts';

function say(message: object): void {
  process.stdout.write(`${MARK}${JSON.stringify(message)}\n`);
}

async function timed(work: Work, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const pending = work.run();
    if (pending) await pending;
    times.push(performance.now() - start);
  }
  return times;
}

const [name = '', folder = '', threads = '1'] = process.argv.slice(2);
const row = rows.find((candidate) => candidate.name === name);
if (row === undefined) throw new Error(`no row ${name}`);
setThreads(Number(threads));
const work = await row.prepare({
  folder,
  threads: Number(threads),
  peer: readSafetensors(join(folder, 'peer.safetensors')),
});
say({ ready: { checks: work.checks } });
for await (const line of createInterface({ input: process.stdin })) {
  say({ times: await timed(work, Number(line.split(' ')[1])) });
}
