/**
 * Trains MMDC on MNIST's 70,000 digits and says how long each epoch takes and how well groups and digits agree:
 * `node --conditions=muster-source bench/mmdc-epoch.ts FOLDER [epochs] [images] [threads]`, FOLDER holding the four idx files (gz).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { setThreads, tensor } from '@muster/torch';
import { acc, nmi } from '../packages/muster/src/metrics/index.ts';
import { findMethod } from '../packages/muster/src/methods/index.ts';

const [folder = '', epochs = '1', count = '70000', threads = '2'] = process.argv.slice(2);
const IMAGE_HEADER = 16;
const LABEL_HEADER = 8;
const SIDE = 28;

function bytes(kind: string, header: number): Buffer {
  const parts = ['train', 't10k'].map((split) =>
    gunzipSync(readFileSync(join(folder, `${split}-${kind}-ubyte.gz`))).subarray(header),
  );
  return Buffer.concat(parts);
}

setThreads(Number(threads));
const n = Number(count);
const raw = new Uint8Array(bytes('images-idx3', IMAGE_HEADER)).subarray(0, n * SIDE * SIDE);
const truth = Int32Array.from(bytes('labels-idx1', LABEL_HEADER).subarray(0, n));
const pixels = tensor(raw.slice(), [n, SIDE, SIDE, 1]);
const options = {
  ...{ groups: 10, network: 'vgg', rotation: false, epochs: Number(epochs), decayAt: [40], decayBy: 0.1 },
  ...{ size: 32, crop: 24, crops: [24, 20, 16], turn: 25, flip: 0 },
  ...(JSON.parse(process.argv[6] ?? '{}') as Record<string, unknown>),
};
const start = performance.now();
const method = findMethod('mmdc');
if (method.needs !== 'images') throw new Error('mmdc trains on images');
const fitted = await method.fit({ pixels }, options, {
  seed: Number(process.env['SEED'] ?? 0),
  device: 'cpu',
  emit: ({ done = 0, values }) => {
    if (Number.isInteger(done)) process.stdout.write(`epoch ${done} ${JSON.stringify(values)}\n`);
  },
});
const seconds = (performance.now() - start) / 1000;
const { labels } = fitted.own;
process.stdout.write(
  `${seconds.toFixed(1)} s, ACC ${acc(truth, labels).toFixed(4)}, NMI ${nmi(truth, labels).toFixed(4)}\n`,
);
