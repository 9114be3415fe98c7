import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './program.mjs';
import { countTests } from './test.mjs';

type Report = Parameters<typeof countTests>[0];

function report(...files: [name: string, status: string, tests: string[]][]): Report {
  const testResults = files.map(([name, status, tests]) => ({
    name: join(ROOT, name),
    status,
    message: '',
    assertionResults: tests.map((each, i) => ({ fullName: `case ${i}`, status: each })),
  }));
  return { success: true, testResults };
}

test('passed, failed and skipped tests are counted, skipped ones by name', () => {
  const counts = countTests(report(['a.test.ts', 'failed', ['passed', 'failed', 'skipped', 'passed']]), 1);
  expect(counts).toEqual({ passed: 2, failed: 1, skipped: ['a.test.ts: case 2'] });
});

test('a file that does not load is a failure', () => {
  const counts = countTests(report(['a.test.ts', 'failed', []], ['b.test.ts', 'passed', ['passed']]), 1);
  expect(counts).toEqual({ passed: 1, failed: 1, skipped: [] });
});

test('a run that ended badly is never without a failure', () => {
  expect(countTests(report(['a.test.ts', 'passed', ['passed']]), 1).failed).toBe(1);
  expect(countTests(report(['a.test.ts', 'passed', ['passed']]), 0).failed).toBe(0);
});
