#!/usr/bin/env node
/**
 * All checks and all tests: `npm test`. Ends with one line, `N passed, N failed`; what was skipped is named before it.
 * Arguments go to vitest (`npm test -- packages/torch`), and then the checks are left out.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runChecks } from './check.mjs';
import { ROOT, isStarted, nodeProgram } from './program.mjs';

/**
 * @typedef {object} Report vitest's JSON report, as far as it is read here
 * @property {boolean} success
 * @property {{
 *   name: string,
 *   status: string,
 *   message: string,
 *   assertionResults: { fullName: string, status: string, meta?: { skipped?: string } }[],
 * }[]} testResults
 */

/** @param {readonly string[]} args @param {string} file for the report @returns {Promise<number>} exit status */
function runVitest(args, file) {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  return new Promise((done, fail) => {
    const child = spawn(nodeProgram(), [vitest, 'run', ...reporters, ...args], { cwd: ROOT, stdio: 'inherit' });
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

/**
 * Counts the report's tests. A file that did not load counts as one failure, and so does a run that ended badly with
 * no failed test (an error outside of tests, a crash).
 *
 * @param {Report} report
 * @param {number} status vitest's exit status
 * @returns {{ passed: number, failed: number, skipped: string[] }}
 */
export function countTests(report, status) {
  const counts = { passed: 0, failed: 0, skipped: /** @type {string[]} */ ([]) };
  for (const file of report.testResults) {
    const failedBefore = counts.failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') counts.passed += 1;
      else if (test.status === 'failed') counts.failed += 1;
      else counts.skipped.push(`${relative(ROOT, file.name)}: ${test.fullName}`);
    }
    if (file.status === 'failed' && counts.failed === failedBefore) counts.failed += 1;
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** @param {readonly string[]} args @returns {Promise<ReturnType<typeof countTests>>} */
async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  const file = join(folder, 'report.json');
  try {
    const status = await runVitest(args, file);
    /** @type {Report} */
    let report = { success: false, testResults: [] };
    try {
      report = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      console.log(`vitest left no report: ${error instanceof Error ? error.message : String(error)}`);
      return countTests(report, status === 0 ? 1 : status);
    }
    return countTests(report, status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isStarted(import.meta.url)) {
  const args = process.argv.slice(2);
  const checks = args.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
  const tests = await runTests(args);
  for (const name of tests.skipped) console.log(`skipped ${name}`);
  const failed = checks.failed + tests.failed;
  console.log(`${checks.passed + tests.passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
