import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runMuster } from '../../test/run-muster.ts';
import { listMethods } from '../pipeline/index.ts';
import { asksForClusterHelp, methodsHelp } from './methods-help.ts';

test('every method stands in the help of muster cluster and in the guide', async () => {
  const methods = await listMethods();
  const { out } = await runMuster(tmpdir(), ['cluster', '--help']);
  const guide = readFileSync(new URL('../../../../docs/guide/methods.md', import.meta.url), 'utf8');
  expect(methods.length).toBeGreaterThan(15);
  for (const { id, command } of methods) {
    expect(out).toMatch(command === 'cluster' ? new RegExp(`^  ${id} +\\S`, 'mu') : new RegExp(`muster train: .*\\b${id}\\b`, 'u')); // prettier-ignore
    expect(guide).toMatch(new RegExp(`\`${id}\``, 'u'));
  }
});

test('methods that only muster train runs are named apart', () => {
  const text = methodsHelp([
    { id: 'a', gives: 'exactly K groups', title: 'A', command: 'cluster' },
    { id: 'long', gives: 'up to K groups', title: 'L', command: 'cluster' },
    { id: 'net', gives: 'a backbone', title: 'N', command: 'train' },
  ]);
  expect(text.split('\n').slice(1)).toEqual([
    '  a     exactly K groups  A',
    '  long  up to K groups    L',
    'Trained on the images themselves, by muster train: net',
  ]);
});

test('the methods are loaded for the help of muster cluster alone', () => {
  expect([['cluster', '--help'], ['help', 'cluster'], ['cluster', 'x', '-h']].map(asksForClusterHelp)).toEqual([true, true, true]); // prettier-ignore
  expect([['--help'], ['cluster', 'x'], ['train', '-h']].map(asksForClusterHelp)).toEqual([false, false, false]);
});
