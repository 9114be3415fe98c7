import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveTensors, tensor, type Tensor } from '@muster/torch';
import { Random, silent } from '../base/index.ts';
import { groupByMethod } from './group-by-method.ts';
import { groupEmbeddings } from './group.ts';
import { planMethod } from './plan-method.ts';
import { CentresModel, loadRunModel, rowsOf } from './run-model.ts';

const signal = new AbortController().signal;
const sizes = [9, 30, 17];
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-model-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Clouds of 9, 30 and 17 points in 12 dimensions. */
function clouds(): Tensor {
  const random = new Random(3);
  const point = (): number[] => Array.from({ length: 12 }, () => random.normal());
  const rows = sizes.flatMap((size) => {
    const centre = point();
    return Array.from({ length: size }, () => point().map((value, at) => 4 * (centre[at] ?? 0) + 0.3 * value));
  });
  return tensor(Float32Array.from(rows.flat()), [rows.length, 12]);
}

function count(labels: Int32Array): number[] {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

test('centres of the default way give its own images their groups, also after saving', async () => {
  const live = liveTensors();
  const x = clouds();
  const found = await groupEmbeddings(x, { groups: 3, seed: 0, restarts: 4 }, silent, signal);
  const { mean, rows } = found.centres;
  const model = new CentresModel(rowsOf(mean, mean.length), rowsOf(rows, mean.length));
  await model.save(folder);
  const again = loadRunModel(folder);
  for (const one of [model, again]) {
    const { labels, confidence } = one.label(x);
    expect(labels).toEqual(found.labels);
    expect(confidence).toEqual(found.confidence);
    one[Symbol.dispose]();
  }
  x.dispose();
  expect(liveTensors()).toBe(live);
});

test.each(['tsp', 'agglomerative', 'k-means'])('%s is numbered by size, and the same after saving', async (method) => {
  const live = liveTensors();
  const x = clouds();
  const plan = planMethod({ method, set: method === 'tsp' ? { epochs: 30, rate: 0.01 } : {}, groups: 3 });
  const found = await groupByMethod(plan, { embeddings: x, text: undefined, seed: 2 }, silent, signal);
  expect(count(found.labels)).toEqual([30, 17, 9]);
  expect(Math.min(...found.closeness)).toBeGreaterThan(0.5);
  await found.model.save(folder);
  found.model[Symbol.dispose]();
  const again = loadRunModel(folder);
  expect(again.label(x)).toEqual({ labels: found.labels, confidence: found.confidence });
  again[Symbol.dispose]();
  x.dispose();
  expect(liveTensors()).toBe(live);
});

test('rows in no group stay out, and a collapse is said', async () => {
  const x = clouds();
  const plan = planMethod({ method: 'dbscan', set: { minPoints: 12, radius: 0.5 } });
  const found = await groupByMethod(plan, { embeddings: x, text: undefined, seed: 0 }, silent, signal);
  expect(found.labels.filter((label) => label < 0)).toHaveLength(9);
  expect(found.groups).toBe(2);
  expect(found.notes.join()).toMatch(/9 images are in no group/u);
  const one = planMethod({ method: 'dbscan', set: { minPoints: 3, radius: 2 } });
  const collapsed = await groupByMethod(one, { embeddings: x, text: undefined, seed: 0 }, silent, signal);
  expect(collapsed.notes.join()).toMatch(/have collapsed: 1 of 1/u);
  for (const { model } of [found, collapsed]) model[Symbol.dispose]();
  x.dispose();
});

test('a run without a model, and a damaged one, are refused', () => {
  expect(() => loadRunModel(folder)).toThrow(/keeps no model; run muster cluster again/u);
  writeFileSync(join(folder, 'model.json'), '{');
  expect(() => loadRunModel(folder)).toThrow(/no JSON/u);
  writeFileSync(join(folder, 'model.json'), '{"format": 1, "kind": "other"}');
  expect(() => loadRunModel(folder)).toThrow(/damaged/u);
});
