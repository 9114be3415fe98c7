import { expect, test } from 'vitest';
import { nearestName, suggestName } from './suggest.ts';

test('the nearest name is suggested, and none that is far', () => {
  expect(nearestName('kmeans', ['tsp', 'k-means', 'nmf'])).toBe('k-means');
  expect(nearestName('TAC', ['tsp', 'tac'])).toBe('tac');
  expect(nearestName('neighbors', ['neighbours', 'weights'])).toBe('neighbours');
  expect(nearestName('gradient', ['tsp', 'tac'])).toBeUndefined();
  expect(suggestName('gradient', ['tsp', 'tac'])).toBe('use one of: tsp, tac');
  expect(suggestName('tspp', ['tsp', 'tac'])).toBe('did you mean tsp?');
});
