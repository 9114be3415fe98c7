import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBranch } from './training-branch.ts';

let run = '';

beforeAll(() => {
  run = mkdtempSync(join(tmpdir(), 'muster-branch-'));
  writeFileSync(join(run, 'config.json'), '{}');
  mkdirSync(join(run, 'checkpoints'));
  for (const name of ['first-e0001', 'first-e0002', 'second-e0001'])
    writeFileSync(join(run, 'checkpoints', `${name}.safetensors`), '');
});
afterAll(() => rmSync(run, { recursive: true, force: true }));

test('a checkpoint is named by its epoch, and by its training where several kept that epoch', async () => {
  const file = (name: string): string => join(run, 'checkpoints', `${name}.safetensors`);
  expect(await findBranch(`${run}@2`)).toEqual({ run, epoch: 2, file: file('first-e0002') });
  expect(await findBranch(`${run}@second:1`)).toEqual({ run, epoch: 1, file: file('second-e0001') });
  await expect(findBranch(`${run}@1`)).rejects.toMatchObject({
    code: 'train.branch',
    message: /2 of its trainings.*say @first:1 or @second:1/,
  });
  await expect(findBranch(`${run}@3`)).rejects.toMatchObject({ message: /no checkpoint of epoch 3.*it kept 1, 2, 1/ });
  await expect(findBranch(`${run}@second:2`)).rejects.toMatchObject({
    message: /epoch 2 of second.*it kept first:1, first:2, second:1/,
  });
});
