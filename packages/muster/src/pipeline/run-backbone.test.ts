import { expect, test } from 'vitest';
import { backbones } from '../models/index.ts';
import { backboneNames } from './backbone-names.ts';
import { chooseBackbone, embeddedNames, knowsWords } from './run-backbone.ts';

test('the names that help tells are those of the backbones', () => {
  const [usual, ...others] = backboneNames;
  expect(embeddedNames).toEqual([usual, backbones[0]?.id]);
  expect(others).toEqual(backbones.slice(1).map(({ id }) => id));
});

test('a name that is neither a backbone nor a run is refused with the nearest', async () => {
  await expect(chooseBackbone('pixel')).rejects.toMatchObject({
    code: 'models.backbone',
    exitCode: 2,
    message: expect.stringMatching(/no backbone pixel, and no run; did you mean pixels\?/u),
  });
});

test('only backbones with a classifier know words', () => {
  expect(['efficientnet-lite0', 'pixels', 'run-1'].map((id) => knowsWords({ id }))).toEqual([true, false, false]);
});
