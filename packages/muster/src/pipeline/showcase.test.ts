import { expect, test } from 'vitest';
import { chooseImages } from './showcase.ts';

test('the closest stand for a group, the least certain of the others are shown as doubtful', () => {
  const labels = Int32Array.from([...new Array<number>(20).fill(0), 1]);
  const closeness = Float32Array.from(labels, (_, row) => 1 - row / 100);
  const confidence = Float32Array.from(labels, (_, row) => (row >= 15 ? 0.6 : 0.4 - row / 100));
  const [large, single] = chooseImages(labels, 2, closeness, confidence);
  expect(large?.central).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(large?.doubtful).toEqual([14, 13, 12, 11]);
  expect(single).toEqual({ central: [20], doubtful: [] });
  expect(chooseImages(labels, 2, closeness, null)[0]?.doubtful).toEqual([]);
});

test('many groups share the room of the report', () => {
  const labels = Int32Array.from({ length: 4000 }, (_, row) => row % 1000);
  const values = new Float32Array(4000);
  const chosen = chooseImages(labels, 1000, values, values);
  expect(chosen.every(({ central, doubtful }) => central.length === 1 && doubtful.length === 0)).toBe(true);
});
