import { expect, test } from 'vitest';
import { trainTable } from './train-command.ts';

test('a pretraining has no scores to show; what to do with it is said', () => {
  const run = { seed: 0, folder: '/w/run', groups: 0, fit: null, test: null, seconds: 65 };
  const rest = { recipe: null, fit: null, test: null, paper: null, notes: ['3 files are left out.'] };
  const table = trainTable({ method: 'simclr', gives: 'backbone', data: 'photos', runs: [run], ...rest }, '/w');
  expect(table).toMatch(/^simclr on photos, a backbone, no groups\n\n {2}seed {3}time\n {5}0 {3}1 min 05 s\n/u);
  expect(table).toMatch(
    /Note: 3 files.*\nLast run: run\nNext: muster eval run .*\n +muster cluster photos --backbone run/u,
  );
  expect(table).not.toMatch(/ACC|groups {2}/u);
});
