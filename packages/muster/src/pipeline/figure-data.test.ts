import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveTensors, tensor, type Tensor } from '@muster/torch';
import { Random, silent } from '../base/index.ts';
import {
  chanceConsistency,
  consistencyLine,
  kMeansAgreement,
  labelConsistency,
  layOut,
  sampleRows,
  selectRows,
} from './figure-data.ts';

const signal = new AbortController().signal;
const labels = Int32Array.from({ length: 60 }, (_, row) => row % 3);
let x: Tensor;

beforeAll(() => {
  const random = new Random(3);
  const values = Array.from(labels, (label) =>
    Array.from({ length: 8 }, (_, at) => (at === label ? 3 : 0) + 0.2 * random.normal()),
  );
  x = tensor(Float32Array.from(values.flat()), [60, 8]);
});
afterAll(() => x.dispose());

test('planted classes are consistent at every K, shuffled labels at chance', () => {
  const before = liveTensors();
  expect(labelConsistency(x, labels, 10, 'cosine')).toEqual(new Array(10).fill(1));
  const shuffled = new Random(1).shuffle(labels.slice());
  const shares = labelConsistency(x, shuffled, 10, 'ip');
  expect(shares.reduce((sum, share) => sum + share, 0) / 10).toBeCloseTo(chanceConsistency(labels), 1);
  expect(liveTensors()).toBe(before);
});

test('by hand: three rows on a line', () => {
  const line = tensor(Float32Array.from([0, 1, 3]), [3, 1]);
  expect(labelConsistency(line, Int32Array.from([0, 0, 1]), 2, 'euclidean')).toEqual([2 / 3, 1 / 3]); // 0 at rank 2
  expect(consistencyLine('x', [2 / 3, 1 / 3]).name).toBe('x: 0.333 at K\u00a0=\u00a02');
  line.dispose();
  expect(chanceConsistency(Int32Array.from([0, 0, 1]))).toBeCloseTo(1 / 3, 12);
});

test('samples are without repeats, the same for the same seed, and everything where it is little', () => {
  const rows = Array.from({ length: 100 }, (_, at) => 2 * at);
  const sample = sampleRows(rows, 30, 5);
  expect(sample).toEqual(sampleRows(rows, 30, 5));
  expect(sample).not.toEqual(sampleRows(rows, 30, 6));
  expect(new Set(sample).size).toBe(30);
  expect(sample.every((row, at) => row % 2 === 0 && row > (sample[at - 1] ?? -1))).toBe(true);
  expect(sampleRows([4, 2], 30, 5)).toEqual([4, 2]);
});

test.each(['pca', 'umap', 'tsne'] as const)('%s keeps planted classes apart and leaves no tensor', async (name) => {
  const before = liveTensors();
  const points = await layOut(x, name, 0, silent, signal);
  expect(points).toEqual(await layOut(x, name, 0, silent, signal));
  expect(points).toHaveLength(120);
  const layout = tensor(points, [60, 2]);
  expect(labelConsistency(layout, labels, 5, 'euclidean')[0]).toBe(1);
  layout.dispose();
  expect(liveTensors()).toBe(before);
});

test('t-SNE stops between its iterations when it is told to', async () => {
  const before = liveTensors();
  const stop = new AbortController();
  const events: string[] = [];
  const random = new Random(4);
  const many = tensor(
    Float32Array.from({ length: 1200 * 8 }, () => random.normal()),
    [1200, 8],
  );
  const layout = layOut(
    many,
    'tsne',
    0,
    ({ message = '' }) => {
      events.push(message);
      stop.abort(new Error('enough'));
    },
    stop.signal,
  );
  await expect(layout).rejects.toThrow('enough');
  expect(events).toEqual([expect.stringMatching(/^t-SNE: \d+ of 500 iterations$/u)]);
  many.dispose();
  expect(liveTensors()).toBe(before);
});

test('k-means agrees with planted classes and not with shuffled ones', () => {
  expect(kMeansAgreement(x, labels, 0, signal)).toBeCloseTo(1, 6);
  expect(Math.abs(kMeansAgreement(x, new Random(1).shuffle(labels.slice()), 0, signal))).toBeLessThan(0.1);
  const some = selectRows(x, [5, 1]);
  expect(some.select(0, 0).sub(x.select(0, 5)).abs().max().item()).toBe(0);
  some.dispose();
});
