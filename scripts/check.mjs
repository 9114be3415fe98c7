#!/usr/bin/env node
/**
 * Type check, lint, import rules and format over the whole tree, side by side: `npm run check`. Prints a line a check
 * and, for one that fails, all it said.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ROOT, isStarted, nodeProgram } from './program.mjs';

const ROOTS = ['packages', 'scripts', 'bench', 'parity'].filter((name) => existsSync(`${ROOT}${name}`));

/**
 * Programs by their written-out path: two TypeScripts are installed, 7 for the check and 6 for the tools that need its
 * API, and `.bin/tsc` is one of them by the order of their names.
 */
const CHECKS = Object.freeze([
  {
    name: 'types',
    args: ['node_modules/@typescript/native/bin/tsc', '--project', 'tsconfig.json', '--pretty', 'false'],
  },
  { name: 'lint', args: ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.'] },
  {
    name: 'imports',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      ...['--config', '.dependency-cruiser.mjs', '--output-type', 'err', ...ROOTS],
    ],
  },
  { name: 'format', args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'] },
]);

/**
 * @typedef {object} CheckResult
 * @property {string} name
 * @property {boolean} ok
 * @property {number} seconds
 * @property {string} output
 */

/** @param {typeof CHECKS[number]} check @returns {Promise<CheckResult>} */
function runCheck({ name, args }) {
  const start = performance.now();
  return new Promise((done) => {
    const child = spawn(nodeProgram(), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (/** @type {Buffer} */ bytes) => (output += bytes.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const end = (/** @type {boolean} */ ok) => done({ name, ok, seconds: (performance.now() - start) / 1000, output });
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

/**
 * Runs all checks.
 *
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks() {
  const results = await Promise.all(CHECKS.map(runCheck));
  for (const { name, ok, seconds, output } of results) {
    console.log(`${ok ? 'pass' : 'FAIL'} check: ${name} (${seconds.toFixed(1)} s)`);
    if (!ok) console.log(output.trimEnd());
  }
  const failed = results.filter(({ ok }) => !ok).length;
  return { passed: results.length - failed, failed };
}

if (isStarted(import.meta.url)) {
  const { failed } = await runChecks();
  process.exitCode = failed === 0 ? 0 : 1;
}
