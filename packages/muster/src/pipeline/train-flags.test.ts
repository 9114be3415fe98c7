import { expect, test } from 'vitest';
import { trainByRecipe } from './train.ts';
import type { TrainOptionsInput } from './train-options.ts';

test.each([
  [{ size: 64 }, '--size'],
  [{ channels: 1 }, '--channels'],
  [{ keepEvery: 2 }, '--keep-every'],
  [{ precision: 'bfloat16' }, '--precision'],
  [{ device: 'cpu' }, '--device'],
  [{ branch: 'run@3' }, '--branch'],
] satisfies [TrainOptionsInput, string][])('a method on embeddings refuses %j by its name', async (option, flag) => {
  await expect(trainByRecipe({ method: 'tsp', data: '.', groups: 3, ...option })).rejects.toMatchObject({
    code: 'options',
    exitCode: 2,
    message: expect.stringMatching(new RegExp(`^${flag}: tsp works on embeddings and does not take it; leave it out`, 'u')), // prettier-ignore
  });
});

test('epochs are refused where the method has none', async () => {
  await expect(trainByRecipe({ method: 'k-means', data: '.', groups: 3, epochs: 5 })).rejects.toMatchObject({
    code: 'options',
    message: expect.stringContaining('--epochs: k-means has no epochs'),
  });
});

test.each([
  [{ nouns: 'x.txt' }, '--nouns'],
  [{ under: 'animal' }, '--under'],
  [{ classes: ['cat'] }, '--classes'],
  [{ backbone: 'embedded' }, '--backbone'],
] satisfies [TrainOptionsInput, string][])('a method on images refuses %j by its name', async (option, flag) => {
  await expect(trainByRecipe({ method: 'mmdc', data: '.', groups: 3, ...option })).rejects.toMatchObject({
    code: 'options',
    exitCode: 2,
    message: expect.stringContaining(`${flag}: mmdc trains on images and does not take it`),
  });
});
