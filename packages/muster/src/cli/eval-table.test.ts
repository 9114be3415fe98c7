import { expect, test } from 'vitest';
import type { EvaluateResult } from '../pipeline/index.ts';
import { evalTable } from './eval-command.ts';

const scores = { acc: 0.8, nmi: 0.7, ari: 0.6, labelled: 9, classes: 2 };
const features = { ...scores, acc: 0.5 };
const result: EvaluateResult = {
  run: '/w/run',
  method: 'MMDC',
  images: 9,
  scored: 'groups',
  scores,
  features,
  paper: { row: 'table IV, MMDC', of: 'features', acc: 0.4, nmi: null, ari: null, probe: 0.9 },
  checkpoints: [{ training: 'mmdc', epoch: 2, scores, groups: 2, features: { scores: features, groups: 2 } }],
  probe: { accuracy: 0.85, views: 'training', fit: 'train', test: 'val', note: 'It learned from labels.' },
  files: [],
  notes: [],
};

test('the paper’s figures stand beside the scores that they are of', () => {
  expect(evalTable(result, '/w')).toBe(`MMDC, run, 9 images
ACC, NMI, ARI: 0.800  0.700  0.600
ACC, NMI, ARI of k-means on the features: 0.500  0.700  0.600
Paper (table IV, MMDC): ACC 0.400, NMI -, ARI -

  training  epoch  groups     ACC    NMI    ARI      ACC    NMI    ARI of k-means on the features
  mmdc          2       2   0.800  0.700  0.600    0.500  0.700  0.600

Linear probe, fitted on random views of train, scored on val: 0.850
Paper (table IV, MMDC): 0.900
Note: It learned from labels.
`);
});

test('figures of groups are not held against features', () => {
  const paper = { row: 'table I, MMDC', of: 'groups', acc: 0.82, nmi: null, ari: null, probe: null } as const;
  const plain = { ...result, paper, checkpoints: null, probe: null };
  expect(evalTable(plain, '/w')).toMatch(/^ACC, NMI, ARI: .*\nPaper \(table I, MMDC\): ACC 0\.820.*\n.*k-means/mu);
  expect(evalTable({ ...plain, scored: 'features', features: null }, '/w')).not.toContain('Paper');
});
