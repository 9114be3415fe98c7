import { afterEach, describe, expect, test } from 'vitest';
import { liveTensors, scope, tensor, type Tensor } from '@muster/torch';
import { Random, silent, type MusterEvent } from '../base/index.ts';
import { defaultRestarts, groupEmbeddings, type Grouping } from './group.ts';

const signal = new AbortController().signal;
let open: Tensor[] = [];
afterEach(() => {
  for (const x of open) x.dispose();
  open = [];
});

function rows(values: readonly (readonly number[])[]): Tensor {
  const x = tensor(Float32Array.from(values.flat()), [values.length, values[0]?.length ?? 0]);
  open.push(x);
  return x;
}

/** `groups` clouds of `each` points in 12 dimensions. */
function clouds(groups: number, each: number, spread = 0.3): Tensor {
  const random = new Random(7);
  const point = (): number[] => Array.from({ length: 12 }, () => random.normal());
  const centres = Array.from({ length: groups }, point);
  return rows(
    centres.flatMap((centre) =>
      Array.from({ length: each }, () => point().map((value, at) => (centre[at] ?? 0) * 3 + spread * value)),
    ),
  );
}

function group(x: Tensor, groups?: number, seed = 0): Promise<Grouping> {
  return groupEmbeddings(x, { groups, seed, restarts: 4 }, silent, signal);
}

function sizes({ labels, groups }: Grouping): number[] {
  return Array.from({ length: groups }, (_, name) => labels.filter((label) => label === name).length);
}

describe('groupEmbeddings', () => {
  test('finds planted groups and their number, names them by size, and leaves no tensor', async () => {
    const x = clouds(4, 30);
    const live = liveTensors();
    const found = await group(x);
    expect(liveTensors()).toBe(live);
    expect(sizes(found)).toEqual([30, 30, 30, 30]);
    for (let start = 0; start < 120; start += 30)
      expect(new Set(found.labels.subarray(start, start + 30)).size).toBe(1);
    expect(Math.min(...(found.confidence ?? []))).toBeGreaterThan(0.5);
    expect(found.reason).toMatch(/estimated/u);
  });

  test('the same seed gives the same bytes', async () => {
    const x = clouds(6, 10, 1.5);
    const [a, b] = [await group(x, 6, 3), await group(x, 6, 3)];
    expect(Buffer.from(a.labels.buffer).equals(Buffer.from(b.labels.buffer))).toBe(true);
    expect(a.confidence).toEqual(b.confidence);
  });

  test('every number of images and groups gives each image one group, or a refusal that names the most', async () => {
    for (let n = 1; n <= 12; n++) {
      const x = scope(() => clouds(1, n, 1));
      for (let k = 1; k <= 14; k++) {
        if (k > n) {
          await expect(group(x, k)).rejects.toMatchObject({
            code: 'cluster.too-many-groups',
            exitCode: 2,
            message: expect.stringContaining(`-k ${n}`),
          });
          continue;
        }
        const found = await group(x, k);
        expect(sizes(found)).toHaveLength(found.groups);
        expect(Math.min(...sizes(found))).toBeGreaterThan(0);
        expect(sizes(found).reduce((sum, size) => sum + size, 0)).toBe(n);
        expect([...found.closeness, ...(found.confidence ?? []), found.inertia].every(Number.isFinite)).toBe(true);
      }
      const free = await group(x);
      expect(free.groups).toBeGreaterThanOrEqual(1);
      expect(free.groups).toBeLessThanOrEqual(n);
    }
  });

  test('images that are all alike are one group without confidence, asked or not', async () => {
    const x = rows(Array.from({ length: 9 }, () => [1, 2, 3]));
    for (const k of [undefined, 1, 5]) {
      const found = await group(x, k);
      expect(found).toMatchObject({ groups: 1, confidence: null });
      expect(found.notes.join()).toMatch(/look the same/u);
    }
    const black = rows([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(await group(black, 2)).toMatchObject({ groups: 1, confidence: null });
  });

  test('copies that rounding tells apart are alike too, and images that differ a little more are not', async () => {
    const row = Array.from({ length: 64 }, (_, at) => 1 + (at % 5));
    const rounded = rows(
      Array.from({ length: 6 }, (_, copy) => row.map((value, at) => value * (1 + 0.008 * ((at + copy) % 2)))),
    );
    expect(await group(rounded, 3)).toMatchObject({ groups: 1, confidence: null, reason: 'all images look the same' });
    const different = rows(
      Array.from({ length: 6 }, (_, copy) => row.map((value, at) => value * (1 + 0.2 * ((at + copy) % 2)))),
    );
    expect((await group(different, 2)).groups).toBe(2);
  });

  test('more groups than different images are not made up', async () => {
    const x = rows([
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    const found = await group(x, 4);
    expect(sizes(found)).toEqual([3, 2]);
    expect(found.notes.join()).toMatch(/Only 2 images of 5 differ/u);
  });

  test('one group says that nothing is separated, as many as images that each is alone', async () => {
    const x = clouds(3, 2);
    expect((await group(x, 1)).notes.join()).toMatch(/nothing is separated/u);
    expect((await group(x, 6)).notes.join()).toMatch(/as many groups as images/u);
  });

  test('mini-batches read the table once: their starts are tried on a sample', async () => {
    const x = clouds(4, 30);
    const fits: (number | undefined)[] = [];
    const emit = ({ unit, total }: MusterEvent): void => void (unit === 'starts' && fits.push(total));
    const base = { groups: 4, seed: 0, algorithm: 'mini-batch' } as const;
    const found = await groupEmbeddings(x, { ...base, restarts: undefined }, emit, signal);
    expect(fits).toEqual([1]);
    expect(found.restarts).toBe(10);
    expect(sizes(found)).toEqual([30, 30, 30, 30]);
    expect((await groupEmbeddings(x, { ...base, restarts: 3 }, silent, signal)).restarts).toBe(3);
    fits.length = 0;
    await groupEmbeddings(x, { ...base, algorithm: 'lloyd', restarts: 3 }, emit, signal);
    expect(fits).toEqual([3, 3, 3]);
  });

  test('stops between starts when asked', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(
      groupEmbeddings(clouds(3, 5), { groups: 3, seed: 0, restarts: 4 }, silent, controller.signal),
    ).rejects.toThrow('enough');
  });
});

test('small collections get more starts than large ones', () => {
  expect(defaultRestarts(500, 1280, 10)).toBe(40);
  expect(defaultRestarts(60_000, 1280, 100)).toBe(10);
});
