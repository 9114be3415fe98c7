import { afterAll, beforeAll, expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { generator, liveTensors, scope, setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { MusterEvent } from '../../base/index.ts';
import { findNeighbours, poolOption, poolValues } from './neighbours.ts';
import type { NeighbourSearch } from './neighbours.ts';

const ROWS = 500;
const events: MusterEvent[] = [];
let x: Tensor;

beforeAll(() => {
  setThreads(1);
  using random = generator(5);
  x = torch.randn([ROWS, 8], { generator: random, dtype: 'float32' });
});

afterAll(() => {
  x.dispose();
});

function search(
  pool: number | null,
  more: Partial<NeighbourSearch> = {},
): { lists: number[][]; recall: number | null } {
  events.length = 0;
  const { indices, recall } = findNeighbours(x, { k: 10, pool, seed: 1, emit: (event) => events.push(event), ...more });
  const width = indices.shape[1] ?? 1;
  const all = indices.toNumbers();
  indices.dispose();
  return { lists: Array.from({ length: ROWS }, (_, row) => all.slice(row * width, (row + 1) * width)), recall };
}

test('up to the pool, and at any number of rows without one, neighbours are exact and nothing is said', () => {
  const { lists, recall } = search(ROWS);
  expect(search(null).lists).toEqual(lists);
  expect(recall).toBeNull();
  expect(events).toEqual([]);
  expect(poolOption.parse(undefined)).toBe(200_000);
  expect(poolOption.parse(null)).toBeNull();
});

test.each(['cosine', 'euclidean'] as const)(
  'beyond, the recall is the share of exact neighbours in the lists: %s',
  (metric) => {
    const exact = search(null, { metric }).lists;
    const { lists, recall } = search(200, { metric });
    const found = lists.map((list, row) => list.filter((other) => exact[row]?.includes(other)).length);
    expect(recall).toBeCloseTo(found.reduce((sum, count) => sum + count, 0) / (10 * ROWS), 6);
    expect(lists.every((list, row) => !list.includes(row) && new Set(list).size === 10)).toBe(true);
    expect(events).toMatchObject([{ level: 'warning', values: { pool: 200, recall } }]);
  },
);

test('the row itself may stand first; it counts for no recall', () => {
  const { lists, recall } = search(200, { withSelf: true });
  expect(lists.every(([first], row) => first === row)).toBe(true);
  expect(recall).toBe(search(200).recall);
});

test('no tensors are left', () => {
  const before = scope(() => liveTensors());
  search(200);
  expect(liveTensors()).toBe(before);
});

test('a fit tells pool and recalls only where some search was not exact', () => {
  expect(poolValues(200, { image: null, text: null })).toEqual({});
  expect(poolValues(null, { image: null })).toEqual({});
  expect(poolValues(200, { image: null, text: 0.4 })).toEqual({ neighbourPool: 200, text: 0.4 });
});
