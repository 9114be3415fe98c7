import { expect, test } from 'vitest';
import type { ClusterResult } from '../pipeline/index.ts';
import { clusterJson, clusterTable } from './cluster-table.ts';

const backbone = {
  id: 'b',
  title: 'B',
  dimension: 2,
  dtype: 'float32',
  weights: { source: 's', sourceSha256: 'x', trainedOn: 't', licence: 'l' },
  preprocessing: { inputSize: 8, resize: 8, interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
} as const;

const result: ClusterResult = {
  settings: {
    muster: '0',
    source: '/photos',
    followLinks: false,
    method: 'm',
    methodId: null,
    paper: null,
    set: {},
    classes: null,
    nouns: null,
    under: null,
    split: null,
    as: null,
    test: null,
    testSplit: null,
    groups: 2,
    seed: 0,
    restarts: null,
    labels: null,
    threads: 1,
    engine: 'e',
    backbone,
  },
  images: 1500,
  groups: [
    { id: 1, name: 'dog\u001b[31m', size: 1400, word: null, runnerUp: null, nouns: [], confidence: 0.567 },
    { id: 2, name: null, size: 100, word: null, runnerUp: null, nouns: [], confidence: null },
  ],
  reason: 'as asked',
  metrics: { acc: 0.5, nmi: 0.25, ari: 0.125, labelled: 1500, classes: 2 },
  test: null,
  notes: ['Mind this.'],
  skipped: [{ path: 'a', code: 'EMPTY', message: 'a: has no bytes' }],
  reused: 500,
  seconds: { embed: 10, group: 1, all: 12 },
  folder: '/home/ann/muster-photos/runs/1',
  report: '/home/ann/muster-photos/runs/1/report.html',
};

test('the table says how many groups first and where the report is last', () => {
  const lines = clusterTable(result, '/home/ann').trimEnd().split('\n');
  expect(lines[0]).toBe('1,500 images in 2 groups (as asked).');
  expect(lines).toContain('     1  dog\\x1b[31m     1,400        0.57'.replace(/ {5}1,/u, '     1,'));
  expect(lines.join('\n')).toMatch(/^ {5}2 {2}group 2 +100$/mu);
  expect(lines).toContain('Against the labels: ACC 0.500, NMI 0.250, ARI 0.125');
  expect(lines).toContain('Left out: 1 file (1 EMPTY), listed in the report');
  expect(lines).toContain('Note: Mind this.');
  expect(lines.at(-2)).toBe(
    'Took 12.0 s: 500 embeddings of an earlier run used, 1,000 images embedded in 10.0 s (100 images a second).',
  );
  expect(lines.at(-1)).toBe('Report: muster-photos/runs/1/report.html');
});

test('where a method has nouns, the first of each group stands with its share', () => {
  const [one, two] = result.groups;
  if (one === undefined || two === undefined) throw new Error('two groups');
  const nouns = [
    { text: 'puppy', share: 0.414 },
    { text: 'wolf', share: 0.2 },
  ];
  const lines = clusterTable({ ...result, groups: [{ ...one, nouns }, two] }, '/home/ann').split('\n');
  expect(lines[2]).toMatch(/^ +# +name +images +confidence +first noun$/u);
  expect(lines[3]).toMatch(/1,400 +0\.57 +puppy 41\u00a0%$/u);
  expect(lines[4]).toMatch(/^ +2 +group 2 +100$/u);
  expect(clusterTable(result, '/home/ann')).not.toContain('noun');
});

test('JSON holds settings, clusters and the three metrics', () => {
  const parsed: unknown = JSON.parse(clusterJson(result));
  expect(parsed).toMatchObject({
    settings: { seed: 0 },
    metrics: { acc: 0.5, nmi: 0.25, ari: 0.125 },
    clusters: [{ id: 1, size: 1400 }, { name: null }],
  });
  expect(JSON.parse(clusterJson({ ...result, metrics: null }))).toMatchObject({ metrics: null });
});

test('a method is named with its paper, and a test with its scores', () => {
  const settings = { ...result.settings, method: 'TSP: a head', methodId: 'tsp', paper: 'Zhou and Zhang, 2022' };
  const scores = { acc: 0.75, nmi: 0.5, ari: 0.25, labelled: 9, classes: 2 };
  const tested = { source: '/more', images: 9, metrics: scores, notes: ['Mind that.'], skipped: [] };
  const lines = clusterTable({ ...result, settings, test: tested }, '/home/ann').split('\n');
  expect(lines[1]).toBe('Method: TSP: a head. Zhou and Zhang, 2022.');
  const at = lines.indexOf('Test: 9 images of /more, in which no groups were sought');
  expect(lines.slice(at + 1, at + 3)).toEqual([
    '  Against the labels: ACC 0.750, NMI 0.500, ARI 0.250',
    '  Note: Mind that.',
  ]);
  expect(JSON.parse(clusterJson({ ...result, test: tested }))).toMatchObject({
    test: { images: 9, metrics: { acc: 0.75, nmi: 0.5, ari: 0.25 } },
  });
});
