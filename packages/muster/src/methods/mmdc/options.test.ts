import { expect, test } from 'vitest';
import { completeMmdc, mmdcOptions } from './options.ts';

const SHAPE = { height: 32, width: 32 };

test('what is left open becomes what used to be the defaults, in the order that fingerprints read', () => {
  const told = { groups: 10, crop: 20, crops: [20], decayAt: [300] };
  const found = completeMmdc(mmdcOptions.parse({ groups: 10 }), SHAPE);
  expect(JSON.stringify(found)).toBe(JSON.stringify(mmdcOptions.parse(told)));
});

test('crops follow the images, the decay the epochs, and the random crops the central one', () => {
  const given = mmdcOptions.parse({ groups: 10, epochs: 100 });
  expect(completeMmdc(given, { height: 64, width: 80 })).toMatchObject({ crop: 40, crops: [40], decayAt: [75] });
  expect(completeMmdc({ ...given, crop: 24 }, SHAPE)).toMatchObject({ crop: 24, crops: [24] });
  expect(completeMmdc({ ...given, crops: [24, 16] }, SHAPE)).toMatchObject({ crop: 20, crops: [24, 16] });
});
