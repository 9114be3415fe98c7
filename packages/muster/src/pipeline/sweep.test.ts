import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liveTensors, scope, setThreads, tensor, type Tensor } from '@muster/torch';
import { Random, silent, type MusterEvent } from '../base/index.ts';
import { drawSweep, spansDecade, type SweepCaption } from './figure-sweep.ts';
import { centredRows } from './group.ts';
import type { SavedRun } from './open-run.ts';
import { planSweep } from './plan-sweep.ts';
import { runSweep, type SweepInputs } from './sweep.ts';

const signal = new AbortController().signal;
const truth = Int32Array.from({ length: 80 }, (_, row) => row % 4);
let embeddings: Tensor;
let rows: Tensor;

beforeAll(() => {
  setThreads(1);
  const random = new Random(1);
  const values = Array.from(truth, (label) =>
    Array.from({ length: 12 }, (_, at) => 5 + (at === label ? 4 : 0) + 0.3 * random.normal()),
  );
  embeddings = tensor(Float32Array.from(values.flat()), [80, 12]);
  rows = scope(() => centredRows(embeddings));
});
afterAll(() => [embeddings, rows].forEach((one) => one.dispose()));

const inputs = (given: Partial<SweepInputs>): SweepInputs => ({
  ...{ embeddings, rows, truth, text: undefined, seed: 3, seeds: 1, ...given },
});

const saved = (method: string | null, options: Readonly<Record<string, unknown>> = {}): SavedRun => ({
  folder: '/run',
  config: {
    ...{
      source: '/images',
      followLinks: false,
      split: null,
      as: null,
      seed: 3,
      labels: null,
      method: 'a method',
      methodId: method,
    },
    ...{ classes: null, nouns: null, under: null, backbone: { id: 'b', dtype: 'float32' } },
  },
  result: {
    groups: [0, 1, 2, 3].map((id) => ({ id, name: null, size: 20 })),
    restarts: 5,
    method: method === null ? null : { options },
    assignments: { files: [], groups: [], confidence: null },
  },
});

describe('runSweep', () => {
  test('finds the planted number of groups, with and without labels', async () => {
    const before = liveTensors();
    const plan = planSweep(saved(null), 'groups', '2,8');
    const { values, seeds } = await runSweep(plan, inputs({ seeds: 2 }), silent, signal);
    expect(seeds).toEqual([3, 4]);
    const [two, four, eight] = values;
    expect(four).toMatchObject({ value: 4, isOwn: true, acc: { mean: 1, sd: 0 }, groups: { mean: 4 } });
    expect(four?.effective.mean).toBeCloseTo(4, 6);
    expect(two?.acc?.mean).toBeCloseTo(0.5, 6);
    expect(eight?.acc?.mean).toBeLessThan(0.9);
    const silhouettes = values.map(({ silhouette }) => silhouette?.mean ?? NaN);
    expect(Math.max(...silhouettes)).toBe(silhouettes[1]);
    const blind = await runSweep(plan, inputs({ truth: null, seeds: 2 }), silent, signal);
    expect(blind.values.map(({ acc, silhouette }) => [acc, silhouette?.mean])).toEqual(
      silhouettes.map((mean) => [null, mean]),
    );
    expect(liveTensors()).toBe(before);
  });

  test('a method runs with its recorded options; images in no group and without a label are told', async () => {
    const run = saved('dbscan', { radius: 0.05 });
    const own = planSweep(run, 'minPoints', '2,3');
    expect(own.positions.every(({ fit }) => fit.plan?.set['radius'] === 0.05)).toBe(true);
    const few = truth.map((label, row) => (row < 60 ? label : -1));
    const wide = planSweep(saved('dbscan', { minPoints: 3 }), 'radius', '0.000001,2');
    const [tight, loose] = (await runSweep(wide, inputs({ truth: few }), silent, signal)).values;
    expect(tight).toMatchObject({ groups: { mean: 0 }, effective: { mean: 0 }, silhouette: null });
    expect(tight?.ari?.mean).toBeLessThan(0.1);
    expect(loose).toMatchObject({ groups: { mean: 1 }, acc: { mean: 15 / 60 } }); // all rows are one group
  });

  test('too many groups are refused before the first fit, and a stop comes between two', async () => {
    const events: MusterEvent[] = [];
    const many = planSweep(saved(null), 'groups', '2,81');
    await expect(runSweep(many, inputs({}), (event) => events.push(event), signal)).rejects.toMatchObject({
      code: 'cluster.too-many-groups',
    });
    expect(events).toEqual([]);
    const stop = new AbortController();
    const stopping = runSweep(
      planSweep(saved(null), 'groups', '2,3,5'),
      inputs({}),
      (event) => {
        events.push(event);
        if (event.done === 2) stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await expect(stopping).rejects.toThrow('enough');
    expect(events.map(({ stage, done, total, unit }) => [stage, done, total, unit])).toEqual(
      [0, 1, 2].map((done) => ['sweep', done, 4, 'fits']),
    );
  });
});

describe('drawSweep', () => {
  const caption = {
    config: saved(null).config,
    collection: { name: 'shapes' },
    backbone: { describe: () => ({ title: 'Net' }) },
    embedded: { items: truth },
  } as unknown as SweepCaption;

  test('scores with labels, two panels without', async () => {
    const plan = planSweep(saved(null), 'groups', '2,3');
    const scored = drawSweep(await runSweep(plan, inputs({ seeds: 2 }), silent, signal), plan, caption);
    expect(scored).toMatchObject({ file: 'sweep-groups.svg', title: 'ACC, NMI and ARI over groups' });
    expect(scored.svg.match(/>this run</gu)).toHaveLength(1);
    expect(scored.svg).toMatch(/80 images of shapes, Net\.[\s\S]*seeds 3 to 4/u);
    const blind = drawSweep(await runSweep(plan, inputs({ truth: null }), silent, signal), plan, caption);
    expect(blind.svg).not.toContain('>ACC<');
    expect(blind.svg.match(/>this run</gu)).toHaveLength(2);
    expect(blind.svg).toMatch(/Seed 3\./u);
  });

  test('steps are even where values span a decade', () => {
    expect([[1, 9], [5, 50], [0, 1, 9], [0.01, 0.1], [-1, 20], [3]].map(spansDecade)).toEqual(
      [false, true, false, true, true, false],
    ); // prettier-ignore
  });
});
