import { expect, test } from 'vitest';
import { liveTensors, tensor } from '@muster/torch';
import { likeliestWords } from './likeliest-words.ts';
import { groupSizes, meanShares } from './mean-shares.ts';

test('shares are averaged by group; rows in no group count for none, an empty group gets zeros', () => {
  const before = liveTensors();
  const rows = tensor(Float32Array.from([0.25, 0.75, 0.75, 0.25, 1, 0, 0, 1]), [4, 2]);
  const labels = Int32Array.from([1, 1, -1, 0]);
  const sizes = groupSizes(labels, 3);
  expect(sizes).toEqual([1, 2, 0]);
  const means = meanShares((block) => block.mul(1), 2, rows, labels, sizes);
  expect(means.map((row) => [...row])).toEqual([[0, 1], [0.5, 0.5], [0, 0]]); // prettier-ignore
  rows.dispose();
  expect(liveTensors()).toBe(before);
});

test('the likeliest words come first, those written alike as one', () => {
  const words = ['crane', 'dog', 'crane', 'cat'];
  expect(likeliestWords([0.25, 0.25, 0.125, 0.375], words, 2)).toEqual([
    { text: 'crane', share: 0.375 },
    { text: 'cat', share: 0.375 },
  ]);
  expect(likeliestWords([1], ['dog'], 5)).toEqual([{ text: 'dog', share: 1 }]);
});
